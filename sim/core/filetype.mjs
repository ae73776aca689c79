// What a file is, by its bytes: Meta looks at them too, and a name or a Content-Type proves nothing.

const text = (bytes, from, to) => bytes.subarray(from, to).toString('latin1');
const starts = (bytes, ...start) => start.every((one, i) => bytes[i] === one);

/** `{ type, …facts }` of a file's bytes; type null when nothing is known about them. */
export function sniff(bytes) {
  if (starts(bytes, 0xff, 0xd8, 0xff)) return { type: 'image/jpeg' };
  if (starts(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return png(bytes);
  if (text(bytes, 0, 4) === 'GIF8') return { type: 'image/gif' };
  if (text(bytes, 0, 4) === 'RIFF') return riff(bytes);
  if (text(bytes, 0, 4) === 'OggS') return ogg(bytes);
  if (text(bytes, 4, 8) === 'ftyp') return isoMedia(bytes);
  if (text(bytes, 0, 5) === '#!AMR') return { type: 'audio/amr' };
  if (starts(bytes, 0xff) && (bytes[1] & 0xf6) === 0xf0) return { type: 'audio/aac' };
  if (text(bytes, 0, 3) === 'ID3' || (starts(bytes, 0xff) && (bytes[1] & 0xe0) === 0xe0)) return { type: 'audio/mpeg' };
  if (starts(bytes, 0x1a, 0x45, 0xdf, 0xa3)) return { type: 'video/webm' };
  if (text(bytes, 0, 5) === '%PDF-') return { type: 'application/pdf' };
  if (text(bytes, 0, 4) === 'PK\x03\x04') return { type: 'application/zip' };
  if (starts(bytes, 0xd0, 0xcf, 0x11, 0xe0)) return { type: 'application/x-ole-storage' };
  return { type: isText(bytes) ? 'text/plain' : null };
}

/** The header of a PNG: its size, its bits a channel and whether it has colours as such (2, 6) or a palette. */
function png(bytes) {
  if (bytes.length < 26) return { type: 'image/png' };
  return { type: 'image/png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), bits: bytes[24], rgb: bytes[25] === 2 || bytes[25] === 6 };
}

function riff(bytes) {
  if (text(bytes, 8, 12) === 'WAVE') return { type: 'audio/wav' };
  if (text(bytes, 8, 12) === 'AVI ') return { type: 'video/x-msvideo' };
  if (text(bytes, 8, 12) !== 'WEBP') return { type: null };
  return { type: 'image/webp', animated: text(bytes, 12, 16) === 'VP8X' && (bytes[20] & 0x02) !== 0 };
}

/** The first packet of an Ogg stream tells the codec; Opus also how many channels (RFC 7845, section 5.1). */
function ogg(bytes) {
  const packet = 27 + (bytes[26] ?? 0);
  const opus = text(bytes, packet, packet + 8) === 'OpusHead';
  return { type: text(bytes, packet + 1, packet + 7) === 'theora' ? 'video/ogg' : 'audio/ogg', opus, channels: opus ? bytes[packet + 9] : null };
}

function isoMedia(bytes) {
  const brand = text(bytes, 8, 12);
  if (/^M4[AB]/.test(brand)) return { type: 'audio/mp4' };
  if (/^3g/.test(brand)) return { type: 'video/3gpp' };
  return { type: brand === 'qt  ' ? 'video/quicktime' : 'video/mp4' };
}

function isText(bytes) {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(bytes).includes('\0');
  } catch {
    return false;
  }
}

// Types that have several names, or that bytes alone cannot tell apart.
const ALIKE = [
  ['audio/mp4', 'audio/m4a', 'audio/x-m4a', 'video/mp4', 'video/quicktime'], ['audio/wav', 'audio/x-wav', 'audio/wave'],
  ['video/x-msvideo', 'video/avi'], ['audio/ogg', 'video/ogg', 'audio/opus'], ['video/3gpp', 'video/3gp', 'audio/3gpp'], ['audio/mpeg', 'audio/mp3'],
];
const OFFICE = /^application\/(vnd\.(ms-|openxmlformats-)|msword$)/;

/** Whether bytes that are `real` may be called `told`. */
export function alike(told, real) {
  if (told === real || ALIKE.some((names) => names.includes(told) && names.includes(real))) return true;
  return OFFICE.test(told) && ['application/zip', 'application/x-ole-storage'].includes(real);
}
