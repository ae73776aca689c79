// Zips made by hand, so that they can be wrong in every way that a library would refuse to write.
import { deflateRawSync, inflateRawSync } from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0; });
// Node's own came with 20.15; Debian 12 has 18.
export const crc32 = (bytes) => { let c = 0xffffffff; for (const b of bytes) c = table[(c ^ b) & 255] ^ (c >>> 8); return (c ^ 0xffffffff) >>> 0; };

// {name: bytes} of a zip.
export function unzip(bytes) {
  const files = {};
  let at = bytes.readUInt32LE(bytes.length - 22 + 16);
  for (let n = bytes.readUInt16LE(bytes.length - 22 + 10); n > 0; n--) {
    const method = bytes.readUInt16LE(at + 10), packed = bytes.readUInt32LE(at + 20), nameLen = bytes.readUInt16LE(at + 28);
    const local = bytes.readUInt32LE(at + 42), name = bytes.toString('utf8', at + 46, at + 46 + nameLen);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28), data = bytes.subarray(start, start + packed);
    files[name] = method === 8 ? inflateRawSync(data) : Buffer.from(data);
    at += 46 + nameLen + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}

// A zip of [name, bytes, {mode, size}] in this order; names may repeat. mode: Unix mode bits; size: a size that lies.
export function zip(entries) {
  const locals = [], central = [];
  let offset = 0;
  for (const [name, content, { mode = 0o100644, size } = {}] of entries) {
    const data = Buffer.from(content), packed = deflateRawSync(data), raw = Buffer.from(name, 'latin1');
    const head = Buffer.alloc(30), entry = Buffer.alloc(46);
    head.writeUInt32LE(0x04034b50, 0); head.writeUInt16LE(20, 4); head.writeUInt16LE(8, 8); head.writeUInt32LE(crc32(data), 14);
    head.writeUInt32LE(packed.length, 18); head.writeUInt32LE(size ?? data.length, 22); head.writeUInt16LE(raw.length, 26);
    entry.writeUInt32LE(0x02014b50, 0); entry.writeUInt16LE(0x031e, 4); entry.writeUInt16LE(20, 6); entry.writeUInt16LE(8, 10); entry.writeUInt32LE(crc32(data), 16);
    entry.writeUInt32LE(packed.length, 20); entry.writeUInt32LE(size ?? data.length, 24); entry.writeUInt16LE(raw.length, 28); entry.writeUInt32LE((mode << 16) >>> 0, 38); entry.writeUInt32LE(offset, 42);
    locals.push(head, raw, packed); central.push(entry, raw);
    offset += 30 + raw.length + packed.length;
  }
  const directory = Buffer.concat(central), end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(entries.length, 8); end.writeUInt16LE(entries.length, 10); end.writeUInt32LE(directory.length, 12); end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
