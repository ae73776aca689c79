/* Pictures and films of the conversation, one at a time and large. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Attachment } from "../../api/types";
import { safeUrl } from "../../pure/links";
import { downloadUrl, keptUrl, lookIndex, looksOf, type Look } from "../../pure/media";
import { clock, dayName } from "../../pure/time";
import { now } from "../../state/clock";
import { notify } from "../../state/notices";
import { complete, loadOlder, messages, olderLoading } from "../../state/thread";
import { text } from "../../text";
import { Button, IconButton } from "../parts/basic";
import { Icon } from "../parts/icons";
import { playsAlone } from "../parts/player";
import { Prose } from "./prose";

const looking = signal<{ message: string; position: number } | null>(null);

export function look(message: string, position: number): void {
  looking.value = { message, position: position ?? 0 };
}

export function Lightbox({ contact }: { contact: string }) {
  const at = looking.value;
  const looks = at ? looksOf(messages.value ?? []) : [];
  const index = at ? lookIndex(looks, at.message, at.position) : -1;
  const gone = at !== null && index < 0;
  useEffect(() => {
    if (!gone) return;
    looking.value = null;
    notify(text.look.gone);
  }, [gone]);
  /* Another conversation has other pictures. */
  useEffect(
    () => () => {
      looking.value = null;
    },
    [],
  );
  if (index < 0) return null;
  return <Viewer looks={looks} index={index} contact={contact} />;
}

function show(next: Look | undefined): void {
  if (next) look(next.message.id, next.one.position);
}

/* Older pictures may wait on the server. */
function useWalk(looks: Look[], index: number) {
  const wanted = useRef<string | null>(null);
  const key = `${looks[index].message.id}/${looks[index].one.position}`;
  const more = index > 0 || !complete.value;
  const back = () => {
    if (index > 0) show(looks[index - 1]);
    else if (!complete.peek()) {
      wanted.current = key;
      void loadOlder();
    }
  };
  useEffect(() => {
    if (wanted.current !== key) wanted.current = null;
    if (wanted.current === null || olderLoading.value) return;
    if (index > 0) back();
    else if (!complete.value) void loadOlder();
    else wanted.current = null;
  }, [index, olderLoading.value, complete.value, key]);
  return { more, back, waits: wanted.current === key && olderLoading.value, forth: () => show(looks[index + 1]), last: index === looks.length - 1 };
}

function Viewer({ looks, index, contact }: { looks: Look[]; index: number; contact: string }) {
  const box = useRef<HTMLDialogElement>(null);
  const [zoomed, setZoomed] = useState(false);
  const { message, one } = looks[index];
  const { more, back, forth, waits, last } = useWalk(looks, index);
  const close = () => {
    looking.value = null;
  };
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const dialog = box.current!;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector<HTMLElement>(".look-stage")?.focus();
    return () => {
      dialog.close(); /* while it is open, nothing behind it can take the focus */
      before?.focus?.({ preventScroll: true });
    };
  }, []);
  /* The stage is another one for each picture: the keys would be lost with it. */
  useLayoutEffect(() => {
    if (!box.current!.querySelector("button:focus, a:focus")) box.current!.querySelector<HTMLElement>(".look-stage")?.focus();
  }, [message.id, one.position]);
  useLayoutEffect(() => setZoomed(false), [message.id, one.position]);
  useEffect(() => {
    for (const near of [looks[index - 1], looks[index + 1]]) {
      const url = near && near.one.type !== "video" ? keptUrl(near.one) : null;
      if (url) new Image().src = url;
    }
  }, [message.id, one.position]);
  const isVideo = one.type === "video";
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onFilm = event.target instanceof HTMLVideoElement;
    if (event.key === "ArrowLeft" && !zoomed && !onFilm) back();
    else if (event.key === "ArrowRight" && !zoomed && !onFilm) forth();
    else if ((event.key === "+" || event.key === "z") && !isVideo) setZoomed(event.key === "+" || !zoomed);
    else if (event.key === "-" && !isVideo) setZoomed(false);
    else return;
    event.preventDefault();
  };
  const who = message.direction === "in" ? contact : (message.author?.name ?? text.message.us);
  const download = downloadUrl(one);
  const elsewhere = download ? null : safeUrl(one.url);
  return (
    <dialog
      ref={box}
      class="lightbox"
      aria-label={text.look.title}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <header class="look-head">
        <p>
          <strong>{who}</strong>
          <span>
            {dayName(message.at, now.value)}, {clock(message.at)}
          </span>
        </p>
        {!isVideo && (
          <IconButton
            icon={zoomed ? "shrink" : "expand"}
            label={zoomed ? text.look.fit : text.look.zoom}
            keys="z"
            aria-pressed={zoomed}
            onClick={() => setZoomed(!zoomed)}
          />
        )}
        {download && (
          <a class="icon-button" href={download} download={one.file_name ?? ""} aria-label={text.media.download} title={text.media.download}>
            <Icon name="download" />
          </a>
        )}
        {elsewhere && (
          <a class="icon-button" href={elsewhere} target="_blank" rel="noopener noreferrer" aria-label={text.media.open} title={text.media.open}>
            <Icon name="open" />
          </a>
        )}
        <IconButton icon="close" label={text.look.close} keys="Esc" onClick={close} />
      </header>
      <Stage key={`${message.id}/${one.position}`} one={one} zoomed={zoomed} onZoom={setZoomed} onClose={close} label={`${who}, ${clock(message.at)}`} />
      <IconButton class="look-step back" icon="left" label={more ? text.look.previous : text.look.first} keys="←" aria-disabled={!more || undefined} aria-busy={waits || undefined} onClick={back} />
      <IconButton class="look-step forth" icon="right" label={text.look.next} keys="→" aria-disabled={last || undefined} onClick={forth} />
      {message.text && (
        <footer class="look-words">
          <Prose>{message.text}</Prose>
        </footer>
      )}
    </dialog>
  );
}

interface StageProps {
  one: Attachment;
  zoomed: boolean;
  label: string;
  onZoom: (on: boolean) => void;
  onClose: () => void;
}

/* The small picture stands in until the large one is there. Zoomed, the stage scrolls, and the place that was clicked stays in view. */
function Stage({ one, zoomed, label, onZoom, onClose }: StageProps) {
  const [state, setState] = useState<"loading" | "ready" | "broken">("loading");
  const [round, setRound] = useState(0);
  const stage = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const aim = useRef({ x: 0.5, y: 0.5 });
  const fit = useRef(0);
  const url = keptUrl(one) ?? safeUrl(one.url)!;
  const preview = safeUrl(one.preview_url);
  useLayoutEffect(() => {
    const [area, image] = [stage.current, picture.current];
    if (!area || !image) return;
    if (!zoomed) {
      image.style.width = "";
      fit.current = image.clientWidth;
      return;
    }
    /* A picture that hardly grows to its full size grows to twice what it was. */
    const wide = image.naturalWidth > fit.current * 1.2 ? image.naturalWidth : fit.current * 2;
    image.style.width = `${wide}px`;
    area.scrollLeft = image.offsetWidth * aim.current.x - area.clientWidth / 2;
    area.scrollTop = image.offsetHeight * aim.current.y - area.clientHeight / 2;
  }, [zoomed, state]);
  const onPicture = (event: MouseEvent) => {
    event.stopPropagation();
    const place = picture.current!.getBoundingClientRect();
    aim.current = { x: (event.clientX - place.left) / place.width, y: (event.clientY - place.top) / place.height };
    onZoom(!zoomed);
    stage.current?.focus();
  };
  if (one.type === "video")
    return (
      <div class="look-stage" tabIndex={-1}>
        <video src={url} poster={preview ?? undefined} controls autoPlay playsInline aria-label={label} onPlay={(event) => playsAlone(event.currentTarget)} />
      </div>
    );
  return (
    <div class={`look-stage${zoomed ? " zoomed" : ""}`} ref={stage} tabIndex={0} role="group" aria-label={label} onClick={onClose}>
      {state === "broken" ? (
        <div class="look-broken" role="alert" onClick={(event) => event.stopPropagation()}>
          <p>{text.media.broken}</p>
          <Button
            icon="refresh"
            onClick={() => {
              setState("loading");
              setRound(round + 1);
            }}
          >
            {text.media.again}
          </Button>
        </div>
      ) : (
        <>
          {state === "loading" && preview && <img class="look-preview" src={preview} alt="" referrerpolicy="no-referrer" />}
          {state === "loading" && <span class="spinner look-wait" role="status" aria-label={text.look.loading} />}
          <img
            key={round}
            ref={picture}
            class={`look-picture ${state}`}
            src={url}
            alt={one.title || label}
            draggable={false}
            referrerpolicy="no-referrer"
            onClick={onPicture}
            onLoad={() => setState("ready")}
            onError={() => setState("broken")}
          />
        </>
      )}
    </div>
  );
}
