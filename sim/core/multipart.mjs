// multipart/form-data, read as RFC 7578 and RFC 2046 have it: the delimiter stands on lines of its own, each part says its name.

/** The parts of a body: `{ name, filename, type, bytes }`. Throws an Error that says what is wrong with it. */
export function readMultipart(contentType, body) {
  const boundary = boundaryOf(contentType);
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts = [];
  let at = firstDelimiter(body, delimiter);
  for (;;) {
    at += delimiter.length;
    if (body.subarray(at, at + 2).toString('latin1') === '--') return parts;
    at = endOfLine(body, at);
    const end = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), at - 2);
    if (end < 0) throw new Error('the last part does not end');
    // A part without bytes ends with the line break that ends its headers.
    parts.push(readPart(body.subarray(at, Math.max(end, at)), end < at));
    at = end + 2;
  }
}

function boundaryOf(contentType) {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) throw new Error('the Content-Type names no boundary');
  return boundary;
}

function firstDelimiter(body, delimiter) {
  if (body.subarray(0, delimiter.length).equals(delimiter)) return 0;
  const at = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter])); // after a preamble
  if (at < 0) throw new Error('the boundary is not in the body');
  return at + 2;
}

/** White space may follow a delimiter; then its line ends. */
function endOfLine(body, at) {
  let end = at;
  while (body[end] === 0x20 || body[end] === 0x09) end++;
  if (body[end] !== 0x0d || body[end + 1] !== 0x0a) throw new Error('a boundary is not alone on its line');
  return end + 2;
}

function readPart(part, broken) {
  const headEnd = broken ? -1 : part.subarray(0, 2).toString('latin1') === '\r\n' ? 0 : part.indexOf('\r\n\r\n');
  if (headEnd < 0) throw new Error('the headers of a part do not end');
  const headers = readHeaders(part.subarray(0, headEnd).toString('utf8'));
  const disposition = headers.get('content-disposition') ?? '';
  if (!/^form-data\b/i.test(disposition)) throw new Error('a part is not form-data');
  const name = parameter(disposition, 'name');
  if (name === null) throw new Error('a part has no name');
  return { name, filename: parameter(disposition, 'filename'), type: headers.get('content-type') ?? null, bytes: part.subarray(headEnd === 0 ? 2 : headEnd + 4) };
}

function readHeaders(text) {
  const headers = new Map();
  for (const line of text.split('\r\n').filter(Boolean)) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new Error('a header of a part has no name');
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** Browsers escape a quote in a name as %22, curl as \". */
function parameter(header, name) {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(header);
  if (!match) return null;
  return match[1] === undefined ? match[2] : match[1].replace(/\\(.)/g, '$1').replaceAll('%22', '"');
}
