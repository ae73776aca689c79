// The body of a request to the simulator.

export class TooLarge extends Error {
  constructor(max) {
    super(`a body has at most ${max} bytes`);
  }
}

/** Reads a whole body. What is beyond `max` is still taken and thrown away, so that the caller gets to hear the refusal. */
export function readBody(request, max) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let size = 0;
    request.on('data', (part) => {
      size += part.length;
      if (size <= max) return parts.push(part);
      parts.length = 0;
      return reject(new TooLarge(max));
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', reject);
  });
}

/** The text of bytes, or an error when they are not UTF-8; without this, wrong bytes would quietly become question marks. */
export function decodeUtf8(bytes) {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}
