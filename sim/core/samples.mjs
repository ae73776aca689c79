// The demo's pictures, sounds and files. They are drawn and computed here, so that the simulator
// carries no foreign material and next to no binary files.

import { readFileSync } from 'node:fs';
import { png } from './png.mjs';

// Pictures are drawn while webhooks and calls wait, so each of these few lines is written to be quick: most of them meet every pixel.
const mix = (a, b, t) => (t === 0 ? a : [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]);
const hypot = (x, y) => Math.sqrt(x * x + y * y);
const clamp = (value) => Math.max(0, Math.min(1, value));
/** 1 inside, 0 outside, with a soft edge; `distance` is negative inside. */
const cover = (distance, soft = 0.004) => clamp(0.5 - distance / soft);
const circle = (x, y, cx, cy, r) => hypot(x - cx, y - cy) - r;
const box = (x, y, cx, cy, w, h, r) => {
  const dx = Math.max(Math.abs(x - cx) - w + r, 0);
  const dy = Math.max(Math.abs(y - cy) - h + r, 0);
  return hypot(dx, dy) - r;
};

/** A person, seen as a calm shape: background, shoulders, face, hair. */
function avatar({ sky, ground, cloth, skin, hair, long }) {
  return (x, y) => {
    let colour = mix(sky, ground, y);
    if (long) colour = mix(colour, hair, cover(box(x, y, 0.5, 0.5, 0.235, 0.27, 0.2), 0.01));
    colour = mix(colour, cloth, cover(box(x, y, 0.5, 1.02, 0.33, 0.27, 0.25), 0.01));
    colour = mix(colour, mix(skin, [0, 0, 0], 0.12), cover(box(x, y, 0.5, 0.7, 0.075, 0.11, 0.06), 0.01));
    const face = hypot((x - 0.5) / 0.88, y - 0.47) - 0.19;
    colour = mix(colour, hair, cover(hypot((x - 0.5) / 0.95, y - 0.42) - 0.205, 0.01));
    colour = mix(colour, skin, cover(Math.max(face, 0.385 - y + 0.1 * (x - 0.42)), 0.01));
    return colour;
  };
}

/** A stoneware mug on a table, by a window. */
function mug(x, y) {
  const table = y > 0.66;
  let colour = table ? mix([196, 158, 122], [160, 122, 90], (y - 0.66) * 2.6) : mix([240, 230, 214], [222, 206, 186], x * 0.7 + y * 0.5);
  if (!table) colour = mix(colour, [255, 248, 234], cover(box(x, y, 0.22, 0.26, 0.13, 0.19, 0.01), 0.02) * 0.8);
  const shadow = hypot((x - 0.6) / 0.3, (y - 0.82) / 0.045) - 1;
  colour = mix(colour, [104, 76, 54], cover(shadow, 0.8) * 0.5);
  const handle = Math.abs(hypot((x - 0.73) / 0.85, y - 0.57) - 0.105) - 0.027;
  colour = mix(colour, [58, 96, 104], cover(handle));
  const body = box(x, y, 0.53, 0.6, 0.19, 0.22, 0.06);
  const light = clamp(1 - Math.abs(x - 0.43) * 4.2);
  const glaze = mix([66, 116, 124], [142, 186, 184], light);
  colour = mix(colour, y > 0.7 + 0.008 * Math.sin(x * 60) ? mix([176, 142, 110], [214, 184, 152], light) : glaze, cover(body));
  const rim = hypot((x - 0.53) / 0.19, (y - 0.405) / 0.034) - 1;
  colour = mix(colour, [180, 212, 208], cover(rim, 0.03));
  return mix(colour, [70, 44, 30], cover(hypot((x - 0.53) / 0.172, (y - 0.409) / 0.026) - 1, 0.03));
}

/** Evening over a fjord. */
function fjord(x, y) {
  const ridge = (base, height, pace, phase) => base - height * (Math.sin(x * pace + phase) + 0.5 * Math.sin(x * pace * 2.3 + phase * 2));
  let colour = y < 0.4 ? mix([52, 62, 118], [232, 132, 116], y / 0.4) : mix([232, 132, 116], [252, 204, 140], clamp((y - 0.4) / 0.2));
  colour = mix(colour, [255, 236, 190], cover(circle(x, y, 0.62, 0.47, 0.05), 0.01));
  colour = mix(colour, [255, 214, 160], clamp(0.35 - circle(x, y, 0.62, 0.47, 0.05) * 1.6) * 0.5);
  if (y > ridge(0.5, 0.045, 7, 0.4)) colour = [124, 84, 128];
  if (y > ridge(0.57, 0.05, 5, 2.2)) colour = [84, 60, 108];
  if (y > 0.66) {
    const glitter = Math.sin(y * 260 + Math.sin(x * 9) * 3) * clamp(1 - Math.abs(x - 0.62) * 5);
    colour = mix(mix([196, 122, 128], [42, 44, 92], clamp((y - 0.66) * 3.2)), [255, 224, 170], clamp(glitter) * 0.7);
  }
  return colour;
}

/** Flowers, as a child would cut them from paper. */
function flowers(x, y) {
  let colour = mix([226, 240, 232], [186, 218, 200], y);
  const stems = [[0.27, 0.4, 0.12, [236, 106, 92]], [0.52, 0.3, 0.15, [250, 190, 70]], [0.77, 0.45, 0.11, [134, 110, 202]]];
  for (const [cx, cy, r, petal] of stems) {
    const bend = cx + 0.03 * Math.sin((y - cy) * 6);
    if (y > cy) colour = mix(colour, [64, 128, 92], cover(Math.abs(x - bend) - 0.009));
    colour = mix(colour, [84, 152, 108], cover(hypot((x - bend - 0.06) / 2.2, y - cy - 0.3) - 0.03));
    const angle = Math.atan2(y - cy, x - cx);
    colour = mix(colour, petal, cover(hypot(x - cx, y - cy) - r * (0.78 + 0.24 * Math.cos(angle * 6))));
    colour = mix(colour, [92, 60, 40], cover(circle(x, y, cx, cy, r * 0.32)));
  }
  return colour;
}

/** Two seconds of a soft chord, 8 kHz mono WAV. */
function chord() {
  const rate = 8000;
  const samples = rate * 2;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) {
    const t = i / rate;
    const tone = [261.6, 329.6, 392].reduce((sum, pitch) => sum + Math.sin(2 * Math.PI * pitch * t), 0);
    wav.writeInt16LE(Math.round(5000 * tone * Math.exp(-1.6 * t) * Math.min(1, t * 50)), 44 + i * 2);
  }
  return wav;
}

function pdf() {
  const text = 'BT /F1 24 Tf 72 700 Td (Size chart) Tj 0 -36 Td /F1 14 Tf (Small 8 cm   Medium 10 cm   Large 12 cm) Tj ET';
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  return Buffer.from(`${file}xref\n0 6\n0000000000 65535 f \n${table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`, 'latin1');
}

/** Each sample is made when first asked for, and kept. */
function sample(type, name, make) {
  let file = null;
  return () => (file ??= { type, name, bytes: make() });
}

const picture = (name, width, height, shade) => sample('image/png', `${name}.png`, () => png(width, height, shade));
/** What Node cannot encode lies beside this file, made from the drawings above. */
const kept = (type, name) => sample(type, name, () => readFileSync(new URL(`./${name}`, import.meta.url)));
const face = (name, colours) => picture(name, 240, 240, avatar(colours));

export const SAMPLES = {
  mug: picture('mug', 600, 600, mug),
  fjord: picture('fjord', 720, 540, fjord),
  flowers: picture('flowers', 540, 675, flowers),
  chord: sample('audio/wav', 'chord.wav', chord),
  waves: kept('video/mp4', 'waves.mp4'),
  'mug-photo': kept('image/jpeg', 'mug.jpg'), // as phones take them
  voice: kept('audio/ogg; codecs=opus', 'voice.ogg'), // three seconds of hum, mono
  sticker: kept('image/webp', 'sticker.webp'),
  'sticker-animated': kept('image/webp', 'sticker-animated.webp'),
  note: sample('text/plain', 'note.txt', () => Buffer.from('Two mugs, one bowl. Thank you!\n')),
  'size-chart': sample('application/pdf', 'size-chart.pdf', pdf),
  'avatar-ada': face('ada', { sky: [255, 214, 186], ground: [244, 162, 140], cloth: [64, 84, 150], skin: [242, 200, 172], hair: [94, 52, 40], long: true }),
  'avatar-bjorn': face('bjorn', { sky: [190, 226, 224], ground: [108, 170, 180], cloth: [222, 120, 74], skin: [246, 212, 188], hair: [214, 172, 100], long: false }),
  'avatar-mia': face('mia', { sky: [226, 214, 248], ground: [164, 142, 214], cloth: [240, 196, 92], skin: [150, 100, 74], hair: [44, 30, 36], long: true }),
  'avatar-shop': picture('shop', 240, 240, (x, y) => {
    const ground = mix([46, 92, 98], [30, 62, 72], y);
    const pot = hypot((x - 0.5) / (0.9 - 0.5 * Math.abs(y - 0.62)), y - 0.58) - 0.22;
    const leaf = Math.min(hypot((x - 0.42) / 0.6, y - 0.27) - 0.12, hypot((x - 0.58) / 0.6, y - 0.27) - 0.12);
    return mix(mix(ground, [150, 196, 150], cover(leaf, 0.01)), [240, 222, 196], cover(Math.max(pot, 0.42 - y), 0.01));
  }),
};
