/* What stands inside a message: one small view per kind. To add a kind, add it to KINDS. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Attachment, Message } from "../../api/types";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { kindName } from "../../pure/summary";

export interface BodyProps {
  message: Message;
  channel: string;
}

/* Only plain web addresses and our own become links: the text comes from strangers. */
export function safeUrl(url: string | null | undefined): string | null {
  if (!url) return null;
  return /^https?:\/\//i.test(url) || (url.startsWith("/") && !url.startsWith("//")) || url.startsWith("blob:") ? url : null;
}

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;

export function Prose({ children }: { children: string }) {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const match of children.matchAll(LINK)) {
    parts.push(
      children.slice(from, match.index),
      <a href={match[0]} target="_blank" rel="noopener noreferrer nofollow">
        {match[0]}
      </a>,
    );
    from = match.index! + match[0].length;
  }
  parts.push(children.slice(from));
  return (
    <p class="prose" dir="auto">
      {parts}
    </p>
  );
}

function Placeholder({ icon, title, children }: { icon: string; title: string; children?: ComponentChildren }) {
  return (
    <div class="placeholder">
      <Icon name={icon} />
      <div>
        <strong>{title}</strong>
        {children && <p>{children}</p>}
      </div>
    </div>
  );
}

function Tagline({ icon, children }: { icon: string; children: ComponentChildren }) {
  return (
    <div class="tagline">
      <Icon name={icon} size={14} />
      {children}
    </div>
  );
}

/* A fixed frame: a picture that arrives late must not move what is being read. */
function Picture({ one, label }: { one: Attachment; label: string }) {
  const [state, setState] = useState<"loading" | "ready" | "broken">("loading");
  const url = safeUrl(one.url);
  if (!url || state === "broken")
    return (
      <Placeholder icon="image" title={label}>
        {text.message.noMedia}
      </Placeholder>
    );
  return (
    <a class={`picture ${state}`} href={url} target="_blank" rel="noopener noreferrer" title={one.title ?? label}>
      <img
        src={url}
        alt={one.title ?? label}
        loading="lazy"
        referrerpolicy="no-referrer"
        onLoad={() => setState("ready")}
        onError={() => setState("broken")}
      />
    </a>
  );
}

function Player({ one, kind }: { one: Attachment; kind: "video" | "audio" }) {
  const [broken, setBroken] = useState(false);
  const url = safeUrl(one.url);
  const label = kind === "video" ? text.message.video : text.message.audio;
  if (!url || broken)
    return (
      <Placeholder icon={kind === "video" ? "play" : "mic"} title={label}>
        {text.message.noMedia}
      </Placeholder>
    );
  return kind === "video" ? (
    <video class="video" src={url} controls preload="metadata" playsInline aria-label={label} onError={() => setBroken(true)} />
  ) : (
    <div class="audio">
      <Icon name="mic" />
      <audio src={url} controls preload="metadata" aria-label={label} onError={() => setBroken(true)} />
    </div>
  );
}

function LinkCard({ url, icon, title, detail }: { url: string | null; icon: string; title: string; detail?: string | null }) {
  const href = safeUrl(url);
  const inside = (
    <>
      <span class="link-icon">
        <Icon name={icon} size={18} />
      </span>
      <span class="link-text">
        <strong>{title}</strong>
        {detail && <span>{detail}</span>}
      </span>
      {href && <Icon name="right" />}
    </>
  );
  return href ? (
    <a class="link-card" href={href} target="_blank" rel="noopener noreferrer">
      {inside}
    </a>
  ) : (
    <div class="link-card">{inside}</div>
  );
}

const host = (url: string | null) => {
  try {
    return url ? new URL(url, window.location.href).host : null;
  } catch {
    return null;
  }
};

function OneAttachment({ one }: { one: Attachment }) {
  switch (one.type) {
    case "image":
    case "sticker":
    case "gif":
      return <Picture one={one} label={kindName(one.type === "gif" ? "image" : one.type)} />;
    case "video":
      return <Player one={one} kind="video" />;
    case "audio":
      return <Player one={one} kind="audio" />;
    case "file":
      return (
        <LinkCard
          url={one.url}
          icon="file"
          title={one.title || text.message.file}
          detail={one.url ? text.message.openOriginal : text.message.noMedia}
        />
      );
    case "reel":
    case "ig_reel":
      return (
        <LinkCard
          url={one.url}
          icon="play"
          title={one.title || text.message.reel}
          detail={host(one.url) ?? text.message.noMedia}
        />
      );
    case "ephemeral":
      return <Ephemeral />;
    case "story_mention":
    case "story":
    case "ig_story":
      return (
        <LinkCard url={one.url} icon="story" title={text.message.openStory} detail={one.url ? null : text.message.storyGone} />
      );
    case "share":
    case "ig_post":
    case "media":
    case "post":
      return (
        <LinkCard
          url={one.url}
          icon="link"
          title={one.title || text.message.share}
          detail={host(one.url) ?? text.message.noMedia}
        />
      );
    default:
      return <LinkCard url={one.url} icon="file" title={one.title || kindName(one.type)} detail={host(one.url)} />;
  }
}

function Attachments({ list }: { list: Attachment[] }) {
  if (list.length === 0) return null;
  const pictures = list.length > 1 && list.every((one) => one.type === "image");
  return (
    <div class={pictures ? "attachments grid" : "attachments"}>
      {list.map((one, index) => (
        <OneAttachment key={index} one={one} />
      ))}
    </div>
  );
}

const Ephemeral = () => (
  <Placeholder icon="eye" title={text.message.ephemeral}>
    {text.message.ephemeralDetail}
  </Placeholder>
);

function payloadText(payload: unknown): string | null {
  if (typeof payload === "string") return payload;
  if (payload && typeof payload === "object") {
    const values = payload as Record<string, unknown>;
    for (const key of ["payload", "ref", "source", "ad_title"]) if (typeof values[key] === "string") return values[key] as string;
  }
  return null;
}

function Plain({ message }: BodyProps) {
  const isEmpty = !message.text && message.attachments.length === 0;
  return (
    <>
      <Attachments list={message.attachments} />
      {message.text && <Prose>{message.text}</Prose>}
      {isEmpty && message.kind !== "text" && (
        <Placeholder icon="file" title={kindName(message.kind)}>
          {text.message.noMedia}
        </Placeholder>
      )}
    </>
  );
}

function Choice({ message, icon, word }: { message: Message; icon: string; word: string }) {
  const payload = payloadText(message.payload);
  return (
    <>
      <Tagline icon={icon}>{word}</Tagline>
      {message.text && <Prose>{message.text}</Prose>}
      {payload && payload !== message.text && (
        <code class="payload" title={payload}>
          {payload}
        </code>
      )}
    </>
  );
}

function isAd(payload: unknown): boolean {
  return !!payload && typeof payload === "object" && (payload as Record<string, unknown>).source === "ADS";
}

function Mention(props: BodyProps) {
  const { message } = props;
  return (
    <>
      <Tagline icon="story">{text.message.storyMention}</Tagline>
      {message.attachments.length ? (
        <Attachments list={message.attachments} />
      ) : (
        <Placeholder icon="story" title={text.message.openStory}>
          {text.message.storyGone}
        </Placeholder>
      )}
      {message.text && <Prose>{message.text}</Prose>}
    </>
  );
}

function StoryReply(props: BodyProps) {
  const story = props.message.reply_to?.story;
  return (
    <>
      <Tagline icon="story">{text.message.storyReply}</Tagline>
      <LinkCard
        url={story?.url ?? null}
        icon="story"
        title={text.message.openStory}
        detail={story?.url ? null : text.message.storyGone}
      />
      <Plain {...props} />
    </>
  );
}

const KINDS: Record<string, (props: BodyProps) => ComponentChildren> = {
  text: Plain,
  image: Plain,
  video: Plain,
  audio: Plain,
  file: Plain,
  sticker: Plain,
  share: Plain,
  reel: Plain,
  quick_reply: ({ message }) => <Choice message={message} icon="bolt" word={text.message.quickReply} />,
  postback: ({ message }) => <Choice message={message} icon="bolt" word={text.message.postback} />,
  referral: ({ message }) => (
    <Choice message={message} icon="link" word={isAd(message.payload) ? text.message.referralAd : text.message.referral} />
  ),
  story_mention: Mention,
  story_reply: StoryReply,
  ephemeral: Ephemeral,
  missing: () => (
    <Placeholder icon="clock" title={text.message.missing}>
      {text.message.missingDetail}
    </Placeholder>
  ),
};

export function MessageBody(props: BodyProps) {
  const { message, channel } = props;
  if (message.unsent)
    return (
      <p class="unsent">
        <Icon name="ban" size={14} />
        {text.message.unsent}
      </p>
    );
  const Kind = KINDS[message.kind];
  if (Kind) return <Kind {...props} />;
  return (
    <>
      <Placeholder icon="info" title={text.message.unsupported}>
        {channel === "instagram" ? text.message.unsupportedDetail : text.message.unsupportedOther}
      </Placeholder>
      {message.text && <Prose>{message.text}</Prose>}
    </>
  );
}
