/* A voice recording from one box into another: browsers put Opus into WebM, WhatsApp wants it in Ogg. The sound itself is not
   touched. WebM: RFC 9559 and the Matroska Opus mapping; Ogg: RFC 3533; Opus in Ogg: RFC 7845; lengths of packets: RFC 6716, 3.1. */

export interface OpusStream {
  head: Uint8Array; /* the identification header, "OpusHead" … */
  channels: number;
  packets: Uint8Array[];
}

/* Elements whose inside is looked into; all others are stepped over. Live recordings leave the sizes of these open. */
const INSIDE = new Set([0x18538067 /* Segment */, 0x1f43b675 /* Cluster */, 0x1654ae6b /* Tracks */, 0xae /* TrackEntry */, 0xa0 /* BlockGroup */]);
const CODEC_PRIVATE = 0x63a2;
const SIMPLE_BLOCK = 0xa3;
const BLOCK = 0xa1;

function vintLength(first: number): number {
  const length = Math.clz32(first) - 23;
  if (length > 8) throw new Error("webm: a number without an end");
  return length;
}

function vint(bytes: Uint8Array, at: number, keepMark: boolean): { value: number; next: number; open: boolean } {
  const length = vintLength(bytes[at] ?? 0);
  if (at + length > bytes.length) throw new Error("webm: cut off");
  let value = keepMark ? bytes[at] : bytes[at] & ((1 << (8 - length)) - 1);
  let open = value === (1 << (8 - length)) - 1;
  for (let k = 1; k < length; k++) {
    value = value * 256 + bytes[at + k];
    open &&= bytes[at + k] === 0xff;
  }
  return { value, next: at + length, open };
}

function blockPacket(block: Uint8Array): Uint8Array {
  const { next } = vint(block, 0, false); /* the track: there is one */
  if (block[next + 2] & 0x06) throw new Error("webm: laced");
  return block.subarray(next + 3);
}

const isHead = (bytes: Uint8Array) => bytes.length >= 19 && String.fromCharCode(...bytes.subarray(0, 8)) === "OpusHead";

/* The last block of a recording that was cut off is left out. */
export function readWebm(bytes: Uint8Array): OpusStream {
  let head: Uint8Array | null = null;
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const id = vint(bytes, at, true);
    const size = vint(bytes, id.next, false);
    at = size.next;
    if (INSIDE.has(id.value)) continue;
    if (size.open) throw new Error("webm: an element without a size");
    if (at + size.value > bytes.length) break;
    const body = bytes.subarray(at, at + size.value);
    if (id.value === CODEC_PRIVATE) head = body;
    else if (id.value === SIMPLE_BLOCK || id.value === BLOCK) packets.push(blockPacket(body));
    at += size.value;
  }
  if (!head || !isHead(head)) throw new Error("webm: not Opus");
  return { head, channels: head[9], packets: packets.filter((one) => one.length > 0) };
}

/* Samples at 48 kHz in one packet, from its first byte or two. */
export function packetSamples(packet: Uint8Array): number {
  const config = packet[0] >> 3;
  const frame = config < 12 ? [480, 960, 1920, 2880][config & 3] : config < 16 ? [480, 960][config & 1] : 120 << (config & 3);
  const code = packet[0] & 3;
  return frame * (code === 0 ? 1 : code < 3 ? 2 : packet[1] & 63);
}

const CRC = new Uint32Array(256);
for (let k = 0; k < 256; k++) {
  let r = k << 24;
  for (let bit = 0; bit < 8; bit++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
  CRC[k] = r >>> 0;
}

function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ CRC[((crc >>> 24) ^ byte) & 255]) >>> 0;
  return crc;
}

function page(packets: Uint8Array[], flags: number, granule: number, sequence: number, serial: number): Uint8Array {
  const lacing: number[] = [];
  for (const one of packets) {
    for (let left = one.length; ; left -= 255) {
      lacing.push(Math.min(left, 255));
      if (left < 255) break;
    }
  }
  const length = packets.reduce((sum, one) => sum + one.length, 0);
  const bytes = new Uint8Array(27 + lacing.length + length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x4f, 0x67, 0x67, 0x53, 0, flags]); /* "OggS" */
  view.setBigUint64(6, BigInt(granule), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, sequence, true);
  bytes[26] = lacing.length;
  bytes.set(lacing, 27);
  let at = 27 + lacing.length;
  for (const one of packets) {
    bytes.set(one, at);
    at += one.length;
  }
  view.setUint32(22, checksum(bytes), true);
  return bytes;
}

function tags(): Uint8Array {
  const vendor = new TextEncoder().encode("MailTrixy");
  const bytes = new Uint8Array(16 + vendor.length);
  bytes.set(new TextEncoder().encode("OpusTags"));
  new DataView(bytes.buffer).setUint32(8, vendor.length, true);
  bytes.set(vendor, 12); /* then the count of comments: none */
  return bytes;
}

const segments = (packet: Uint8Array) => Math.floor(packet.length / 255) + 1;
const FIRST = 2;
const LAST = 4;
const SECOND = 48_000;

export function writeOgg(stream: OpusStream, serial: number): Uint8Array[] {
  if (stream.packets.length === 0) throw new Error("ogg: no sound");
  const pages = [page([stream.head], FIRST, 0, 0, serial), page([tags()], 0, 0, 1, serial)];
  let granule = 0;
  for (let from = 0; from < stream.packets.length; ) {
    let to = from;
    let used = 0;
    const begin = granule;
    while (to < stream.packets.length && granule - begin < SECOND && used + segments(stream.packets[to]) <= 255) {
      used += segments(stream.packets[to]);
      granule += packetSamples(stream.packets[to++]);
    }
    if (to === from) throw new Error("ogg: a packet that fits no page");
    pages.push(page(stream.packets.slice(from, to), to === stream.packets.length ? LAST : 0, granule, pages.length, serial));
    from = to;
  }
  return pages;
}
