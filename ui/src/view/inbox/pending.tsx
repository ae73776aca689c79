/* What a message on its way holds, from this browser's own copy. */
import { useState } from "preact/hooks";
import { fileSize } from "../../pure/amounts";
import type { Chip } from "../../pure/filerules";
import { fileKind } from "../../pure/media";
import type { Pending } from "../../pure/merge";
import { summary } from "../../pure/summary";
import { pictureOf } from "../../state/uploads";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { AudioPlayer } from "../parts/player";
import { lookOf } from "./body";
import { ICON_OF } from "./media";
import { Prose } from "./prose";
import { QuotedWords } from "./quoted";

function OneFile({ one }: { one: Chip }) {
  const [broken, setBroken] = useState(false);
  const url = broken ? null : pictureOf(one);
  const kind = fileKind(one.upload?.mime_type ?? one.mime, one.name);
  const sent = one.upload?.type ?? "file";
  if (url && kind === "image" && sent !== "file")
    return (
      <span class="picture ready">
        <img src={url} alt={one.name} onError={() => setBroken(true)} />
      </span>
    );
  if (url && kind === "video" && sent !== "file")
    return (
      <div class="video-frame">
        <video class="video" src={url} controls preload="metadata" playsInline aria-label={one.name} onError={() => setBroken(true)} />
      </div>
    );
  if (url && sent === "audio")
    return <AudioPlayer url={url} label={one.voice ? text.voice.name : one.name} voice={one.voice} onBroken={() => setBroken(true)} />;
  return (
    <div class="link-card document">
      <span class={`link-icon file-${kind}`}>
        <Icon name={ICON_OF[kind]} size={18} />
      </span>
      <span class="link-text">
        <strong dir="auto">{one.name}</strong>
        <span>{fileSize(one.bytes)}</span>
      </span>
    </div>
  );
}

export function PendingBody({ one, channel }: { one: Pending; channel: string }) {
  const files = one.files ?? [];
  const isGrid = files.length > 1 && files.every((file) => file.upload?.type === "image");
  return (
    <>
      {one.quote && (
        <div class="quote">
          <QuotedWords message={one.quote} words={summary(one.quote)} who={text.message.replyTo} />
        </div>
      )}
      {files.length > 0 && (
        <div class={isGrid ? "attachments grid" : "attachments"}>
          {files.map((file) => (
            <OneFile key={file.key} one={file} />
          ))}
        </div>
      )}
      {one.text && <Prose look={lookOf({ direction: one.note ? "note" : "out" }, channel)}>{one.text}</Prose>}
    </>
  );
}
