/* What people wrote: its links shown for what they are, its formatting as its channel shows it. */
import type { ComponentChildren } from "preact";
import { fewEmoji } from "../../pure/emoji";
import { disguised, linksIn } from "../../pure/links";
import { readWhatsapp, type Block, type Span } from "../../pure/whatsapp_text";
import { text } from "../../text";

export type TextStyle = "plain" | "whatsapp";

function ProseLink({ href, children }: { href: string; children: string }) {
  const truly = disguised(href);
  return (
    <>
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
      {truly && <span class="leads-to"> ({text.media.leadsTo(truly)})</span>}
    </>
  );
}

function plainSpans(words: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const link of linksIn(words)) {
    parts.push(words.slice(from, link.from), <ProseLink href={link.href}>{words.slice(link.from, link.to)}</ProseLink>);
    from = link.to;
  }
  parts.push(words.slice(from));
  return parts;
}

function Spans({ list }: { list: Span[] }) {
  return (
    <>
      {list.map((one, index) => {
        switch (one.type) {
          case "text":
            return one.text;
          case "link":
            return (
              <ProseLink key={index} href={one.href}>
                {one.text}
              </ProseLink>
            );
          case "code":
            return <code key={index}>{one.text}</code>;
          case "bold":
            return (
              <strong key={index}>
                <Spans list={one.spans} />
              </strong>
            );
          case "italic":
            return (
              <em key={index}>
                <Spans list={one.spans} />
              </em>
            );
          default:
            return (
              <s key={index}>
                <Spans list={one.spans} />
              </s>
            );
        }
      })}
    </>
  );
}

function OneBlock({ block }: { block: Block }) {
  switch (block.type) {
    case "code":
      return <pre>{block.text}</pre>;
    case "quote":
      return (
        <blockquote dir="auto">
          <Spans list={block.spans} />
        </blockquote>
      );
    case "list": {
      const items = block.items.map((item, index) => (
        <li key={index} dir="auto" value={block.ordered ? Number(item.number) : undefined}>
          <Spans list={item.spans} />
        </li>
      ));
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    default:
      return (
        <p dir="auto">
          <Spans list={block.spans} />
        </p>
      );
  }
}

export function Prose({ children, look = "plain" }: { children: string; look?: TextStyle }) {
  const few = fewEmoji(children);
  if (few)
    return (
      <p class={`prose few-${few}`} dir="auto">
        {children}
      </p>
    );
  if (look === "whatsapp")
    return (
      <div class="prose">
        {readWhatsapp(children).map((block, index) => (
          <OneBlock key={index} block={block} />
        ))}
      </div>
    );
  return (
    <p class="prose" dir="auto">
      {plainSpans(children)}
    </p>
  );
}
