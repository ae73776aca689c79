/* Files in messages: pictures, video, sound, stickers, documents, and the faces they have while they are on their way or lost. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { faultOf } from "../../api/http";
import type { Attachment, Message } from "../../api/types";
import { fileSize } from "../../pure/amounts";
import { safeUrl } from "../../pure/links";
import { downloadUrl, fileKind, frameOf, isVoice, keptUrl, opensInBrowser, stateOf, type FileKind } from "../../pure/media";
import { kindName } from "../../pure/summary";
import { fetchAgain } from "../../state/message";
import { notify } from "../../state/notices";
import { may } from "../../state/session";
import { text } from "../../text";
import { Button, IconButton } from "../parts/basic";
import { Icon } from "../parts/icons";
import { AudioPlayer, playsAlone } from "../parts/player";
import { look } from "./lightbox";

export interface MediaProps {
  message: Message;
  one: Attachment;
  /* In a grid: square, as wide as its place. */
  tile?: boolean;
}

export function Placeholder({ icon, title, children, action }: { icon: string; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="placeholder">
      <Icon name={icon} />
      <div>
        <strong>{title}</strong>
        {children && <p>{children}</p>}
        {action}
      </div>
    </div>
  );
}

/* Asks once; what comes of it is a live event. Should none come, the button is there again after a while. */
function useFetchAgain(message: Message, one: Attachment) {
  const [busy, setBusy] = useState(false);
  useEffect(() => setBusy(false), [one.state, one.fault]);
  const again = async () => {
    setBusy(true);
    try {
      await fetchAgain(message, one.position);
      notify(text.media.asked);
    } catch (error) {
      notify(faultOf(error).message, true);
    }
    setBusy(false);
  };
  return { busy, again };
}

function Lost({ message, one, icon, label }: MediaProps & { icon: string; label: string }) {
  const { busy, again } = useFetchAgain(message, one);
  return (
    <Placeholder
      icon={icon}
      title={text.media.lost(label)}
      action={
        may("agent") && (
          <Button small icon="refresh" busy={busy} onClick={() => void again()}>
            {text.media.again}
          </Button>
        )
      }
    >
      {one.fault ?? text.media.lostWhy}
    </Placeholder>
  );
}

function Fetching({ message, one, icon, label, small }: MediaProps & { icon: string; label: string; small?: boolean }) {
  const { busy, again } = useFetchAgain(message, one);
  const told = one.fault ? text.media.lastTry(one.fault) : text.media.fetchingKind(label);
  const frame = small ? null : frameOf(one.width, one.height);
  return (
    <div class={`fetching${small ? " small" : ""}`} style={frame ? frameStyle(frame) : undefined} title={told} role="group" aria-label={told}>
      <Icon name={icon} size={20} />
      <span>{text.media.fetching}</span>
      {one.fault && (
        <>
          <span class="sr-only">{told}</span>
          {may("agent") && (
            <Button small kind="quiet" icon="refresh" busy={busy} title={told} onClick={() => void again()}>
              {text.media.again}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

const frameStyle = (frame: { width: number; height: number }) => ({
  width: `${frame.width}px`,
  aspectRatio: `${frame.width} / ${frame.height}`,
});

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/* A fixed frame: a picture that arrives late must not move what is being read. */
export function Picture({ message, one, tile }: MediaProps) {
  const [round, setRound] = useState(0);
  const kept = keptUrl(one);
  const url = kept ?? (stateOf(one) === "none" ? safeUrl(one.url) : null);
  /* Known of one address and try: a picture from the browser's cache is there before any effect runs, and must not be waited for again. */
  const mine = `${round} ${url}`;
  const [told, setTold] = useState<{ of: string; state: "ready" | "broken" } | null>(null);
  const state = told?.of === mine ? told.state : "loading";
  const label = one.title || text.message.image;
  if (stateOf(one) === "fetching") return <Fetching message={message} one={one} icon="image" label={text.message.image} />;
  if (stateOf(one) === "lost") return <Lost message={message} one={one} icon="image" label={text.message.image} />;
  if (!url || state === "broken")
    return (
      <Placeholder
        icon="image"
        title={label}
        action={
          kept && (
            <Button
              small
              icon="refresh"
              onClick={() => setRound(round + 1)}
            >
              {text.media.again}
            </Button>
          )
        }
      >
        {kept ? text.media.broken : text.media.brokenLink}
      </Placeholder>
    );
  const frame = tile ? null : frameOf(one.width, one.height);
  /* A small picture is no moving one. */
  const moving = one.mime_type === "image/gif" && !calm();
  return (
    <button
      type="button"
      class={`picture ${state}`}
      style={frame ? frameStyle(frame) : undefined}
      aria-label={text.media.view(label)}
      title={one.title ?? undefined}
      onClick={() => look(message.id, one.position)}
    >
      <img
        key={round}
        src={moving ? url : (safeUrl(one.preview_url) ?? url)}
        alt=""
        loading="lazy"
        decoding="async"
        draggable={false}
        referrerpolicy="no-referrer"
        onLoad={() => setTold({ of: mine, state: "ready" })}
        onError={() => setTold({ of: mine, state: "broken" })}
      />
    </button>
  );
}

/* What came and cannot be shown here can still be taken away. */
function Download({ one }: { one: Attachment }) {
  const href = downloadUrl(one);
  return href ? (
    <a class="button plain small" href={href} download={one.file_name ?? ""}>
      <Icon name="download" />
      <span>{text.media.download}</span>
    </a>
  ) : null;
}

function Video({ message, one }: MediaProps) {
  const [broken, setBroken] = useState(false);
  const url = keptUrl(one) ?? (stateOf(one) === "none" ? safeUrl(one.url) : null);
  const label = text.message.video;
  if (stateOf(one) === "fetching") return <Fetching message={message} one={one} icon="play" label={label} />;
  if (stateOf(one) === "lost") return <Lost message={message} one={one} icon="play" label={label} />;
  if (!url || broken)
    return (
      <Placeholder icon="play" title={one.file_name || label} action={<Download one={one} />}>
        {keptUrl(one) ? text.media.unplayableVideo : text.media.brokenLink}
      </Placeholder>
    );
  const frame = frameOf(one.width, one.height);
  return (
    <div class="video-frame" style={frame ? frameStyle(frame) : undefined}>
      <video
        class="video"
        src={url}
        poster={safeUrl(one.preview_url) ?? undefined}
        controls
        preload="metadata"
        playsInline
        aria-label={one.title || label}
        onPlay={(event) => playsAlone(event.currentTarget)}
        onError={() => setBroken(true)}
      />
      <IconButton class="video-large" icon="expand" label={text.media.enlarge} onClick={() => look(message.id, one.position)} />
    </div>
  );
}

function Sound({ message, one }: MediaProps) {
  const [broken, setBroken] = useState(false);
  const url = keptUrl(one) ?? (stateOf(one) === "none" ? safeUrl(one.url) : null);
  const voice = isVoice(one);
  const label = voice ? text.message.audio : one.file_name!;
  if (stateOf(one) === "fetching") return <Fetching small message={message} one={one} icon="mic" label={label} />;
  if (stateOf(one) === "lost") return <Lost message={message} one={one} icon="mic" label={label} />;
  if (!url || broken)
    return (
      <Placeholder icon="mic" title={label} action={<Download one={one} />}>
        {keptUrl(one) ? text.media.unplayable : text.media.brokenLink}
      </Placeholder>
    );
  return (
    <>
      {!voice && <span class="player-name">{label}</span>}
      <AudioPlayer url={url} label={label} voice={voice} onBroken={() => setBroken(true)} />
    </>
  );
}

function Sticker({ message, one }: MediaProps) {
  const [broken, setBroken] = useState(false);
  const url = keptUrl(one) ?? (stateOf(one) === "none" ? safeUrl(one.url) : null);
  const label = one.title || text.message.sticker;
  if (stateOf(one) === "fetching") return <Fetching small message={message} one={one} icon="sticker" label={text.message.sticker} />;
  if (stateOf(one) === "lost") return <Lost message={message} one={one} icon="sticker" label={text.message.sticker} />;
  if (!url || broken)
    return (
      <Placeholder icon="sticker" title={label} action={<Download one={one} />}>
        {keptUrl(one) ? text.media.broken : text.media.brokenLink}
      </Placeholder>
    );
  const still = one.animated && calm() ? safeUrl(one.preview_url) : null;
  return <img class="sticker" src={still ?? url} alt={label} loading="lazy" draggable={false} referrerpolicy="no-referrer" onError={() => setBroken(true)} />;
}

export const ICON_OF: Record<FileKind, string> = {
  pdf: "words",
  sheet: "sheet",
  slides: "slides",
  words: "words",
  archive: "archive",
  audio: "mic",
  video: "play",
  image: "image",
  code: "code",
  file: "file",
};

function Document({ message, one }: MediaProps) {
  const kind = fileKind(one.mime_type, one.file_name ?? one.title);
  const name = one.file_name || one.title || text.message.file;
  const kept = keptUrl(one);
  if (stateOf(one) === "fetching") return <Fetching small message={message} one={one} icon={ICON_OF[kind]} label={name} />;
  if (stateOf(one) === "lost") return <Lost message={message} one={one} icon={ICON_OF[kind]} label={name} />;
  const url = kept ?? safeUrl(one.url);
  const inTab = kept === null || opensInBrowser(kind, one.mime_type);
  const facts = [text.media.kinds[kind], one.bytes ? fileSize(one.bytes) : ""].filter(Boolean).join(" · ");
  const inside = (
    <>
      <span class={`link-icon file-${kind}`}>
        <Icon name={ICON_OF[kind]} size={18} />
      </span>
      <span class="link-text">
        <strong dir="auto">{name}</strong>
        <span>{url ? facts : text.media.brokenLink}</span>
      </span>
    </>
  );
  if (!url) return <div class="link-card">{inside}</div>;
  return (
    <div class="link-card document">
      {inTab ? (
        <a class="card-main" href={url} target="_blank" rel="noopener noreferrer" title={text.media.open}>
          {inside}
        </a>
      ) : (
        <a class="card-main" href={downloadUrl(one)!} download={one.file_name ?? ""} title={text.media.downloadNamed(name)}>
          {inside}
        </a>
      )}
      {kept && (
        <a class="icon-button" href={downloadUrl(one)!} download={one.file_name ?? ""} aria-label={text.media.downloadNamed(name)} title={text.media.downloadNamed(name)}>
          <Icon name="download" />
        </a>
      )}
    </div>
  );
}

/* A story that mentions us may be a picture or a film: its bytes say. */
export function Media(props: MediaProps) {
  const { one } = props;
  switch (one.type) {
    case "image":
    case "gif":
      return <Picture {...props} />;
    case "video":
      return <Video {...props} />;
    case "audio":
      return <Sound {...props} />;
    case "sticker":
      return <Sticker {...props} />;
    case "file":
      return <Document {...props} />;
  }
  const kind = fileKind(one.mime_type, one.file_name);
  if (kind === "video") return <Video {...props} />;
  if (kind === "image" || stateOf(one) !== "kept") return <Picture {...props} />;
  return <Document {...props} one={{ ...one, title: one.title ?? kindName(one.type) }} />;
}
