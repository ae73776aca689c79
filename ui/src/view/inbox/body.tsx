/* What stands inside a message: one small view per kind. To add a kind, add it to KINDS. */
import type { ComponentChildren } from "preact";
import type { Attachment, Message } from "../../api/types";
import { hostOf } from "../../pure/links";
import { detail, stateOf } from "../../pure/media";
import { kindName } from "../../pure/summary";
import { capabilitiesOf, channelName } from "../../state/channels";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { AdCard, isAdCard, LinkCard, OrderCard, PersonCard, PlaceCard } from "./cards";
import { Media, Placeholder } from "./media";
import { Prose, type TextStyle } from "./prose";

export interface BodyProps {
  message: Message;
  channel: string;
}

/* Notes are for colleagues and carry no channel's formatting. */
export function lookOf(message: Pick<Message, "direction">, channel: string): TextStyle {
  return message.direction === "note" ? "plain" : capabilitiesOf(channel).text_style;
}

function Words({ message, channel }: BodyProps) {
  return message.text ? <Prose look={lookOf(message, channel)}>{message.text}</Prose> : null;
}

function Tagline({ icon, children }: { icon: string; children: ComponentChildren }) {
  return (
    <div class="tagline">
      <Icon name={icon} size={14} />
      {children}
    </div>
  );
}

const FILES = new Set(["image", "gif", "video", "audio", "sticker", "file"]);

/* What the platform did not pass on: what it is and why, as far as it told. */
function Withheld({ one, channel }: { one?: Attachment; channel: string }) {
  return (
    <Placeholder icon="info" title={one?.title || text.message.unsupported}>
      {one?.fault || (channel === "instagram" ? text.message.unsupportedDetail : text.message.unsupportedIn(channelName(channel)))}
    </Placeholder>
  );
}

function OneAttachment({ one, message, channel }: { one: Attachment } & BodyProps) {
  if (one.type === "unsupported") return <Withheld one={one} channel={channel} />;
  if (FILES.has(one.type) || stateOf(one) !== "none") return <Media message={message} one={one} />;
  const where = hostOf(one.url) ?? text.media.brokenLink;
  switch (one.type) {
    case "location":
      return <PlaceCard one={one} />;
    case "contacts":
      return <PersonCard one={one} />;
    case "reel":
    case "ig_reel":
      return <LinkCard url={one.url} icon="play" title={one.title || text.message.reel} detail={where} />;
    case "ephemeral":
      return <Ephemeral />;
    case "story_mention":
    case "story":
    case "ig_story":
      return <LinkCard url={one.url} icon="story" title={text.message.openStory} detail={hostOf(one.url) ?? text.message.storyGone} />;
    case "share":
    case "ig_post":
    case "media":
    case "post":
      if (isAdCard(one)) return <AdCard one={one} />;
      /* A product that was asked about lies in a catalogue, not at an address. */
      if (detail(one, "catalog")) return <LinkCard url={one.url} icon="bag" title={one.title || text.message.share} detail={text.card.product} />;
      return <LinkCard url={one.url} icon="link" title={one.title || text.message.share} detail={where} />;
    default:
      return <LinkCard url={one.url} icon="file" title={one.title || kindName(one.type)} detail={hostOf(one.url)} />;
  }
}

/* Several pictures stand in a grid, whatever else is with them below; the products of an order are one card. */
function Attachments({ message, channel }: BodyProps) {
  const list = message.attachments.filter((one) => one.type !== "order");
  const pictures = list.filter((one) => one.type === "image" && stateOf(one) !== "lost");
  const grid = pictures.length > 1 ? pictures : [];
  const rest = list.filter((one) => !grid.includes(one));
  return (
    <>
      {grid.length > 0 && (
        <div class="attachments grid">
          {grid.map((one) => (
            <Media key={one.position} tile message={message} one={one} />
          ))}
        </div>
      )}
      {rest.length > 0 && (
        <div class="attachments">
          {rest.map((one, index) => (
            <OneAttachment key={index} one={one} message={message} channel={channel} />
          ))}
        </div>
      )}
      {list.length < message.attachments.length && <OrderCard message={message} />}
    </>
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

function Plain({ message, channel }: BodyProps) {
  const isEmpty = !message.text && message.attachments.length === 0;
  return (
    <>
      <Attachments message={message} channel={channel} />
      <Words message={message} channel={channel} />
      {isEmpty && message.kind !== "text" && (
        <Placeholder icon="file" title={kindName(message.kind)}>
          {text.message.noMedia}
        </Placeholder>
      )}
    </>
  );
}

function Choice({ message, channel, icon, word }: BodyProps & { icon: string; word: string }) {
  const payload = payloadText(message.payload);
  return (
    <>
      <Tagline icon={icon}>{word}</Tagline>
      <Attachments message={message} channel={channel} />
      <Words message={message} channel={channel} />
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

function Mention({ message, channel }: BodyProps) {
  return (
    <>
      <Tagline icon="story">{text.message.storyMention}</Tagline>
      {message.attachments.length ? (
        <Attachments message={message} channel={channel} />
      ) : (
        <Placeholder icon="story" title={text.message.openStory}>
          {text.message.storyGone}
        </Placeholder>
      )}
      <Words message={message} channel={channel} />
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
  location: Plain,
  contacts: Plain,
  order: Plain,
  template: (props) => (
    <>
      <Tagline icon="note">{text.message.template}</Tagline>
      <Plain {...props} />
    </>
  ),
  quick_reply: (props) => <Choice {...props} icon="bolt" word={text.message.quickReply} />,
  postback: (props) => <Choice {...props} icon="bolt" word={text.message.postback} />,
  referral: (props) => (
    <Choice {...props} icon="link" word={isAd(props.message.payload) ? text.message.referralAd : text.message.referral} />
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
        {channel === "instagram" ? text.message.unsent : text.message.deleted}
      </p>
    );
  const Kind = KINDS[message.kind];
  return (
    <>
      {message.forwarded && <Tagline icon="forward">{text.message.forwarded}</Tagline>}
      {Kind ? <Kind {...props} /> : <Unsupported {...props} />}
    </>
  );
}

function Unsupported(props: BodyProps) {
  return (
    <>
      {props.message.attachments.length > 0 ? <Attachments {...props} /> : <Withheld channel={props.channel} />}
      <Words {...props} />
    </>
  );
}
