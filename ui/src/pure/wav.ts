/* Sound as plain numbers in the oldest of boxes, for a channel that takes nothing else that this browser can make. */

/* One channel, 16 bits. `samples` reach from -1 to 1. */
export function writeWav(samples: Float32Array, rate: number): Uint8Array {
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const word = (at: number, letters: string) => bytes.set([...letters].map((one) => one.charCodeAt(0)), at);
  word(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); /* plain numbers */
  view.setUint16(22, 1, true); /* channels */
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, samples.length * 2, true);
  for (let k = 0; k < samples.length; k++) {
    const one = Math.max(-1, Math.min(1, samples[k]));
    view.setInt16(44 + k * 2, Math.round(one * 32767), true);
  }
  return bytes;
}
