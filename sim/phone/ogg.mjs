// Browsers record Opus in WebM; phones send it in Ogg. The packets are the same, so they only change the container
// (RFC 3533 for Ogg, RFC 7845 for Opus in it).

const CONTAINERS = new Set([0x18538067, 0x1654ae6b, 0xae, 0x1f43b675, 0xa0]); // Segment, Tracks, TrackEntry, Cluster, BlockGroup
const CODEC_PRIVATE = 0x63a2, SIMPLE_BLOCK = 0xa3, BLOCK = 0xa1;
const PACKETS_PER_PAGE = 50;

/** Ogg/Opus bytes out of WebM bytes, or null when there is no Opus in them. */
export function webmToOgg(webm, serial = 0x4d54) {
  const { head, packets } = readWebm(webm);
  if (!head || packets.length === 0) return null;
  const pages = [page([head], { serial, number: 0, flags: 2, granule: 0 }), page([opusTags()], { serial, number: 1, flags: 0, granule: 0 })];
  const skip = head[10] | (head[11] << 8);
  let samples = skip;
  for (let at = 0; at < packets.length; at += PACKETS_PER_PAGE) {
    const group = packets.slice(at, at + PACKETS_PER_PAGE);
    for (const packet of group) samples += samplesOf(packet);
    pages.push(page(group, { serial, number: pages.length, flags: at + PACKETS_PER_PAGE >= packets.length ? 4 : 0, granule: samples }));
  }
  return joined(pages);
}

function readWebm(bytes) {
  const found = { head: null, packets: [] };
  let at = 0;
  // An element of unknown size ends where an element above it begins; walking all containers alike finds the same blocks.
  while (at < bytes.length) {
    const id = readId(bytes, at);
    if (!id) break;
    const size = readSize(bytes, at + id.length);
    if (!size) break;
    const start = at + id.length + size.length, end = size.value === null ? bytes.length : Math.min(bytes.length, start + size.value);
    if (CONTAINERS.has(id.value)) { at = start; continue; }
    if (id.value === CODEC_PRIVATE) found.head ??= bytes.slice(start, end);
    if (id.value === SIMPLE_BLOCK || id.value === BLOCK) found.packets.push(bytes.slice(start + readSize(bytes, start).length + 3, end));
    at = end;
  }
  if (found.head && String.fromCharCode(...found.head.slice(0, 8)) !== 'OpusHead') found.head = null;
  return found;
}

function readId(bytes, at) {
  const length = Math.clz32(bytes[at]) - 23;
  if (length > 4 || at + length > bytes.length) return null;
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i];
  return { value, length };
}

/** A size; value null when it is unknown (all bits set). */
function readSize(bytes, at) {
  const length = Math.clz32(bytes[at]) - 23;
  if (length > 8 || at + length > bytes.length) return null;
  let value = bytes[at] & (0xff >> length), ones = value === (0xff >> length);
  for (let i = 1; i < length; i++) {
    value = value * 256 + bytes[at + i];
    ones &&= bytes[at + i] === 0xff;
  }
  return { value: ones ? null : value, length };
}

/** How many samples at 48 kHz a packet lasts, by its first byte (RFC 6716, section 3.1). */
function samplesOf(packet) {
  const config = packet[0] >> 3, code = packet[0] & 3;
  const frame = config < 12 ? [480, 960, 1920, 2880][config & 3] : config < 16 ? [480, 960][config & 1] : [120, 240, 480, 960][config & 3];
  return frame * (code === 0 ? 1 : code === 3 ? packet[1] & 63 : 2);
}

function opusTags() {
  const vendor = new TextEncoder().encode('phone'), tags = new Uint8Array(8 + 4 + vendor.length + 4);
  tags.set(new TextEncoder().encode('OpusTags'));
  tags[8] = vendor.length;
  tags.set(vendor, 12);
  return tags;
}

function page(packets, { serial, number, flags, granule }) {
  const lacing = packets.flatMap((packet) => [...Array(Math.floor(packet.length / 255)).fill(255), packet.length % 255]);
  const head = new Uint8Array(27 + lacing.length), view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('OggS'));
  head[5] = flags;
  view.setBigUint64(6, BigInt(granule), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, number, true);
  head[26] = lacing.length;
  head.set(lacing, 27);
  const whole = joined([head, ...packets]);
  new DataView(whole.buffer).setUint32(22, checksum(whole), true);
  return whole;
}

function checksum(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}
