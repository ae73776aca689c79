/* Sound, in a player of our own: the same in every browser, small enough for a bubble. One thing plays at a time. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { playTime } from "../../pure/amounts";
import { recall, remember } from "../../state/store";
import { text } from "../../text";
import { Icon } from "./icons";

let sounding: HTMLMediaElement | null = null;

/* To be called when something begins to play: what played before pauses. */
export function playsAlone(element: HTMLMediaElement): void {
  if (sounding !== element) sounding?.pause();
  sounding = element;
}

const RATES = [1, 1.5, 2];
/* Who listens faster listens faster to the next one too. */
const rate = signal(RATES.includes(recall("rate", 1)) ? recall("rate", 1) : 1);

function nextRate(): void {
  rate.value = RATES[(RATES.indexOf(rate.peek()) + 1) % RATES.length];
  remember("rate", rate.peek());
}

function useSound(onBroken: () => void) {
  const ref = useRef<HTMLAudioElement>(null);
  const [length, setLength] = useState(NaN);
  const [at, setAt] = useState(0);
  const [plays, setPlays] = useState(false);
  const ran = useRef(false);
  useLayoutEffect(() => {
    if (ref.current) ref.current.playbackRate = rate.value;
  }, [rate.value, plays]);
  /* The browser itself tells the time four times a second: too coarse for a short message. */
  useEffect(() => {
    if (!plays) return;
    let frame = 0;
    const follow = () => {
      if (ref.current) setAt(ref.current.currentTime);
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [plays]);
  useEffect(() => () => ref.current?.pause(), []);
  const toggle = () => {
    const sound = ref.current;
    if (!sound) return;
    if (sound.paused) sound.play().catch((error: unknown) => error instanceof DOMException && error.name === "AbortError" || onBroken());
    else sound.pause();
  };
  const seek = (to: number) => {
    if (!ref.current) return;
    ref.current.currentTime = to;
    setAt(to);
  };
  const on = {
    onLoadedMetadata: (event: Event) => setLength((event.currentTarget as HTMLAudioElement).duration),
    onDurationChange: (event: Event) => setLength((event.currentTarget as HTMLAudioElement).duration),
    onTimeUpdate: (event: Event) => setAt((event.currentTarget as HTMLAudioElement).currentTime),
    onPlay: (event: Event) => {
      playsAlone(event.currentTarget as HTMLAudioElement);
      ran.current = true;
      setPlays(true);
    },
    onPause: (event: Event) => {
      if (!(event.currentTarget as HTMLAudioElement).ended) ran.current = false;
      setPlays(false);
    },
    /* Played to its end, it stands at its beginning again; moved to its end by hand, it stays there. */
    onEnded: () => {
      setPlays(false);
      if (ran.current) seek(0);
      ran.current = false;
    },
    onError: onBroken,
  };
  return { ref, length, at, plays, toggle, seek, on };
}

export function AudioPlayer({ url, label, voice, onBroken }: { url: string; label: string; voice: boolean; onBroken: () => void }) {
  const { ref, length, at, plays, toggle, seek, on } = useSound(onBroken);
  const known = Number.isFinite(length) && length > 0;
  const total = known ? playTime(length) : "";
  const share = known ? Math.min(1, at / length) : 0;
  return (
    <div class={`player${voice ? " voice" : ""}`} role="group" aria-label={label}>
      <audio ref={ref} src={url} preload="metadata" {...on} />
      <button
        type="button"
        class="player-go"
        aria-label={plays ? text.media.pause(label) : text.media.play(label)}
        title={plays ? text.media.pause(label) : text.media.play(label)}
        onClick={toggle}
      >
        <Icon name={plays ? "pause" : "play"} size={18} />
      </button>
      <div class="player-line">
        <input
          type="range"
          min={0}
          max={known ? length : 1}
          step={0.1}
          value={known ? Math.min(at, length) : 0}
          disabled={!known}
          aria-label={text.media.position}
          aria-valuetext={text.media.at(playTime(at), total)}
          style={{ "--share": `${share * 100}%` }}
          onInput={(event) => seek(Number(event.currentTarget.value))}
        />
        <div class="player-foot">
          {voice && <Icon name="mic" size={12} />}
          <span>{at > 0 || !known ? playTime(at) : total}</span>
          {at > 0 && known && <span class="player-total">{total}</span>}
        </div>
      </div>
      <button type="button" class="player-rate" aria-label={text.media.speed(`${rate.value}×`)} title={text.media.speed(`${rate.value}×`)} onClick={nextRate}>
        {rate.value}×
      </button>
    </div>
  );
}
