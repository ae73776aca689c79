/* Recording a voice message: the microphone, what it hears, and the form that the channel takes. Browsers record what they like:
   what is not taken is put into another box (Opus) or made anew (plain sound). */
import type { MediaRule } from "../api/types";
import { takes } from "../pure/filerules";
import { readWebm, writeOgg } from "../pure/ogg";
import { writeWav } from "../pure/wav";

export const LONGEST = 10 * 60;
const RATE = 16_000;

type Form = "ogg" | "webm-to-ogg" | "mp4" | "wav";
interface Way {
  form: Form;
  record: string; /* what the browser is asked for; "" leaves it the choice */
}

const can = (type: string) => typeof MediaRecorder !== "undefined" && MediaRecorder.isTypeSupported(type);

/* The way that this browser can go for this channel; null: none. */
export function wayFor(rule: MediaRule | undefined): Way | null {
  if (!rule || typeof MediaRecorder === "undefined" || !navigator.mediaDevices?.getUserMedia) return null;
  if (takes(rule, "audio/ogg")) {
    if (can("audio/ogg;codecs=opus")) return { form: "ogg", record: "audio/ogg;codecs=opus" };
    if (can("audio/webm;codecs=opus")) return { form: "webm-to-ogg", record: "audio/webm;codecs=opus" };
  }
  if (takes(rule, "audio/mp4") && can("audio/mp4;codecs=mp4a.40.2")) return { form: "mp4", record: "audio/mp4;codecs=mp4a.40.2" };
  if (takes(rule, "audio/wav")) return { form: "wav", record: "" };
  return null;
}

async function toOgg(recorded: Blob): Promise<Blob> {
  const stream = readWebm(new Uint8Array(await recorded.arrayBuffer()));
  if (stream.channels !== 1) throw new Error("voice: not mono");
  const serial = crypto.getRandomValues(new Uint32Array(1))[0];
  return new Blob(writeOgg(stream, serial) as BlobPart[], { type: "audio/ogg" });
}

async function toWav(recorded: Blob): Promise<Blob> {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await recorded.arrayBuffer());
  const mixed = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    const one = sound.getChannelData(channel);
    for (let k = 0; k < mixed.length; k++) mixed[k] += one[k] / sound.numberOfChannels;
  }
  return new Blob([writeWav(mixed, sound.sampleRate) as BlobPart], { type: "audio/wav" });
}

export interface Voice {
  file: Blob;
  name: string;
  seconds: number;
}

async function inForm(form: Form, recorded: Blob, seconds: number): Promise<Voice> {
  switch (form) {
    case "ogg":
      return { file: new Blob([recorded], { type: "audio/ogg" }), name: "voice.ogg", seconds };
    case "webm-to-ogg":
      return { file: await toOgg(recorded), name: "voice.ogg", seconds };
    case "mp4":
      return { file: new Blob([recorded], { type: "audio/mp4" }), name: "voice.m4a", seconds };
    case "wav":
      return { file: await toWav(recorded), name: "voice.wav", seconds };
  }
}

/* One recording. The sound goes through a node with one channel, since WhatsApp takes no stereo. */
export class Recording {
  private readonly chunks: Blob[] = [];
  private readonly began = performance.now();
  private ended = 0;
  private readonly samples: Float32Array<ArrayBuffer>;

  private constructor(
    private readonly way: Way,
    private readonly microphone: MediaStream,
    private readonly context: AudioContext,
    private readonly meter: AnalyserNode,
    private readonly recorder: MediaRecorder,
  ) {
    this.samples = new Float32Array(meter.fftSize);
    recorder.ondataavailable = (event) => event.data.size > 0 && this.chunks.push(event.data);
    recorder.start(1000);
  }

  /* Asks for the microphone. Throws what getUserMedia throws. */
  static async start(way: Way): Promise<Recording> {
    const microphone = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    try {
      const context = new AudioContext();
      void context.resume();
      const source = context.createMediaStreamSource(microphone);
      const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1, channelCountMode: "explicit" });
      const meter = new AnalyserNode(context, { fftSize: 1024 });
      source.connect(meter);
      source.connect(out);
      const recorder = new MediaRecorder(out.stream, {
        ...(way.record ? { mimeType: way.record } : {}),
        audioBitsPerSecond: way.form === "wav" ? 64_000 : 32_000,
      });
      return new Recording(way, microphone, context, meter, recorder);
    } catch (error) {
      for (const track of microphone.getTracks()) track.stop();
      throw error;
    }
  }

  get seconds(): number {
    return ((this.ended || performance.now()) - this.began) / 1000;
  }

  /* How loud it is now: 0 to 1. */
  level(): number {
    this.meter.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const one of this.samples) sum += one * one;
    return Math.min(1, Math.sqrt(sum / this.samples.length) * 4);
  }

  /* The microphone was taken away: unplugged, or its permission withdrawn. */
  whenCut(call: () => void): void {
    for (const track of this.microphone.getTracks()) track.onended = call;
  }

  private async end(): Promise<void> {
    this.ended = performance.now();
    if (this.recorder.state !== "inactive") {
      await new Promise<void>((resolve) => {
        this.recorder.onstop = () => resolve();
        this.recorder.stop();
      });
    }
    for (const track of this.microphone.getTracks()) track.stop();
    void this.context.close();
  }

  async cancel(): Promise<void> {
    await this.end();
  }

  async stop(): Promise<Voice> {
    const seconds = this.seconds;
    await this.end();
    return inForm(this.way.form, new Blob(this.chunks, { type: this.recorder.mimeType }), seconds);
  }
}
