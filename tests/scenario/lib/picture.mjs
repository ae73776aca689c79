// Pictures made by hand: any size, any colour.
import { deflateSync } from 'node:zlib';
import { crc32 } from './zip.mjs';

const chunk = (name, data) => {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0); out.write(name, 4, 'latin1'); data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
};

// A PNG in true colour; `seed` makes its pixels others.
export function png(width, height, seed = 1) {
  const head = Buffer.alloc(13), rows = Buffer.alloc((width * 3 + 1) * height);
  head.writeUInt32BE(width, 0); head.writeUInt32BE(height, 4); head[8] = 8; head[9] = 2;
  for (let y = 0; y < height; y++) for (let x = 0; x < width * 3; x++) rows[y * (width * 3 + 1) + 1 + x] = (x * seed + y * 7 + seed) & 255;
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}
