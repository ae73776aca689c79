// Records a voice message with the microphone.

import { webmToOgg } from './ogg.mjs';

const TYPES = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4'];
const LONGEST_MS = 5 * 60e3;

/** Starts a recording: `stop()` resolves to a File, `cancel()` throws it away. Rejects when there is no microphone. */
export async function startRecording() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { ...(mimeType ? { mimeType } : {}), audioBitsPerSecond: 24_000 }), parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => { recorder.onstop = resolve; });
  const started = Date.now(), limit = setTimeout(() => recorder.state === 'recording' && recorder.stop(), LONGEST_MS);
  const end = async () => {
    clearTimeout(limit);
    if (recorder.state === 'recording') recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
  };
  recorder.start();
  return { seconds: () => Math.floor((Date.now() - started) / 1000), cancel: end, stop: async () => { await end(); return asFile(new Blob(parts, { type: recorder.mimeType })); } };
}

async function asFile(blob) {
  const type = blob.type.split(';')[0];
  const ogg = type === 'audio/webm' ? webmToOgg(new Uint8Array(await blob.arrayBuffer())) : null;
  if (ogg) return new File([ogg], 'voice.ogg', { type: 'audio/ogg; codecs=opus' });
  return new File([blob], `voice.${type === 'audio/ogg' ? 'ogg' : 'm4a'}`, { type: type === 'audio/ogg' ? 'audio/ogg; codecs=opus' : blob.type });
}

/** WhatsApp on a phone sends pictures as JPEG, whatever they were. */
export async function asPhoto(file) {
  if (['image/jpeg', 'image/png'].includes(file.type) && file.size <= 5 * 1024 * 1024) return file;
  const picture = await createImageBitmap(file), scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new File([await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 })], 'photo.jpg', { type: 'image/jpeg' });
}
