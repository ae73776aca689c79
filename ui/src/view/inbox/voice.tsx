/* Recording a voice message in the composer's place: asked, heard, listened to, and only then sent. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MediaRule } from "../../api/types";
import { playTime } from "../../pure/amounts";
import { notify } from "../../state/notices";
import { LONGEST, Recording, wayFor, type Voice } from "../../state/voice";
import { text } from "../../text";
import { Button, Callout, IconButton } from "../parts/basic";
import { Tool } from "./tools";

/* Why no voice message can be recorded here; null: it can. */
export function voiceTrouble(rule: MediaRule | undefined): string | null {
  if (!window.isSecureContext || !navigator.mediaDevices) return text.voice.insecure;
  return wayFor(rule) ? null : text.voice.cannot;
}

export function VoiceTool({ why, onUse }: { why: string | null; onUse: () => void }) {
  return <Tool icon="mic" label={text.voice.record} why={why} onUse={onUse} />;
}

interface Trouble {
  title: string;
  how: string;
}

function troubleOf(error: unknown): Trouble {
  const t = text.voice;
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return { title: t.denied, how: t.deniedHow };
  if (name === "NotFoundError" || name === "OverconstrainedError") return { title: t.none, how: t.noneHow };
  if (name === "NotReadableError" || name === "AbortError") return { title: t.busy, how: t.busyHow };
  return { title: t.failed, how: t.failedHow };
}

type Stage = { at: "asking" } | { at: "recording" } | { at: "making" } | { at: "trouble"; trouble: Trouble };

/* The recording belongs to this place in the page: who leaves it while it runs finds what was said as a file of the draft. */
function useRecording(rule: MediaRule, onDone: (voice: Voice) => void, onClose: () => void) {
  const [stage, setStage] = useState<Stage>({ at: "asking" });
  const [round, setRound] = useState(0);
  const it = useRef<Recording | null>(null);
  const away = useRef(false);
  const finish = async (words?: string) => {
    const mine = it.current;
    if (!mine) return;
    it.current = null;
    setStage({ at: "making" });
    try {
      const voice = await mine.stop();
      if (words) notify(words);
      onDone(voice);
    } catch (error) {
      if (away.current) return;
      setStage({ at: "trouble", trouble: troubleOf(error) });
    }
  };
  useEffect(() => {
    let gone = false;
    setStage({ at: "asking" });
    Recording.start(wayFor(rule)!).then(
      (found) => {
        if (gone) {
          void found.cancel();
          return;
        }
        it.current = found;
        found.whenCut(() => void finish(text.voice.cut));
        setStage({ at: "recording" });
      },
      (error) => gone || setStage({ at: "trouble", trouble: troubleOf(error) }),
    );
    return () => {
      gone = true;
    };
  }, [round]);
  useEffect(
    () => () => {
      away.current = true;
      void finish();
    },
    [],
  );
  const cancel = () => {
    const mine = it.current;
    it.current = null;
    void mine?.cancel();
    onClose();
  };
  return { stage, it, finish, cancel, again: () => setRound(round + 1) };
}

const BARS = 36;

function useLevels(it: { current: Recording | null }, on: boolean, onLong: () => void) {
  const [levels, setLevels] = useState<number[]>([]);
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (!on) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const timer = window.setInterval(
      () => {
        const now = it.current;
        if (!now) return;
        setLevels((was) => [...was, now.level()].slice(-BARS));
        setSeconds(now.seconds);
        if (now.seconds >= LONGEST) onLong();
      },
      calm ? 500 : 100,
    );
    return () => window.clearInterval(timer);
  }, [on]);
  return { levels, seconds };
}

function Levels({ levels }: { levels: number[] }) {
  return (
    <svg class="levels" viewBox={`0 0 ${BARS * 5} 28`} preserveAspectRatio="xMaxYMid meet" aria-hidden="true">
      {levels.map((one, index) => {
        const height = Math.max(2, one * 26);
        return <rect key={index} x={(BARS - levels.length + index) * 5} y={14 - height / 2} width={3} height={height} rx={1.5} />;
      })}
    </svg>
  );
}

export function Recorder({ rule, onDone, onClose }: { rule: MediaRule; onDone: (voice: Voice) => void; onClose: () => void }) {
  const { stage, it, finish, cancel, again } = useRecording(rule, onDone, onClose);
  const { levels, seconds } = useLevels(it, stage.at === "recording", () => void finish(text.voice.most(LONGEST / 60)));
  const stop = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (stage.at === "recording") stop.current?.querySelector<HTMLElement>(".button")?.focus();
  }, [stage.at]);
  if (stage.at === "trouble")
    return (
      <Callout
        tone="warn"
        icon="mic"
        title={stage.trouble.title}
        action={
          <span class="button-pair">
            <Button small icon="refresh" onClick={again}>
              {text.common.retry}
            </Button>
            <Button small kind="quiet" onClick={cancel}>
              {text.common.close}
            </Button>
          </span>
        }
      >
        {stage.trouble.how}
      </Callout>
    );
  return (
    <div class="recorder" ref={stop} role="group" aria-label={text.voice.recording} data-stage={stage.at}>
      {stage.at === "recording" ? (
        <>
          <IconButton icon="trash" label={text.voice.cancel} onClick={cancel} />
          <span class="record-dot" aria-hidden="true" />
          <span class="record-time" role="timer" aria-label={text.voice.recording}>
            {playTime(seconds)}
          </span>
          <Levels levels={levels} />
          <Button kind="primary" small icon="stop" onClick={() => void finish()}>
            {text.voice.stop}
          </Button>
        </>
      ) : (
        <>
          <span class="spinner" aria-hidden="true" />
          <span class="grow" role="status">
            {stage.at === "asking" ? text.voice.asking : text.voice.making}
          </span>
          {stage.at === "asking" && (
            <Button small kind="quiet" onClick={cancel}>
              {text.common.cancel}
            </Button>
          )}
        </>
      )}
    </div>
  );
}
