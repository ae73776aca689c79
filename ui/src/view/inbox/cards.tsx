/* What is neither words nor a file: places, people, orders, and things that lie elsewhere. */
import type { Attachment, Message } from "../../api/types";
import { lineSum, orderSum, phoneNumber, placeApp, placeMap, placeOf, placeWords, price } from "../../pure/amounts";
import { hostOf, safeUrl } from "../../pure/links";
import { detail, detailAll } from "../../pure/media";
import { text } from "../../text";
import { Avatar, CopyIcon } from "../parts/basic";
import { Icon } from "../parts/icons";

export function LinkCard({ url, icon, title, detail: words }: { url: string | null; icon: string; title: string; detail?: string | null }) {
  const href = safeUrl(url);
  const inside = (
    <>
      <span class="link-icon">
        <Icon name={icon} size={18} />
      </span>
      <span class="link-text">
        <strong dir="auto">{title}</strong>
        {words && <span>{words}</span>}
      </span>
      {href && <Icon name="open" size={14} />}
    </>
  );
  return href ? (
    <a class="link-card" href={href} target="_blank" rel="noopener noreferrer nofollow">
      {inside}
    </a>
  ) : (
    <div class="link-card">{inside}</div>
  );
}

/* No map is loaded: that would tell somebody else which customer is being looked at. The reader goes there, or does not. */
export function PlaceCard({ one }: { one: Attachment }) {
  const at = placeOf(detail(one, "latitude"), detail(one, "longitude"));
  const address = detail(one, "address");
  const own = safeUrl(detail(one, "url") ?? one.url);
  return (
    <div class="info place">
      <div class="info-head">
        <span class="link-icon">
          <Icon name="pin" size={18} />
        </span>
        <span class="link-text wrap">
          <strong dir="auto">{one.title || text.card.place}</strong>
          {address && <span dir="auto">{address}</span>}
          {at && <span class="figures">{placeWords(at)}</span>}
        </span>
        {at && <CopyIcon value={placeWords(at)} label={text.card.copyPlace} />}
      </div>
      {(at || own) && (
        <div class="info-links">
          {at && (
            <a href={placeMap(at)} target="_blank" rel="noopener noreferrer nofollow" title={text.card.leaves("www.openstreetmap.org")}>
              {text.card.openMap} <Icon name="open" size={12} />
            </a>
          )}
          {at && (
            <a class="only-touch" href={placeApp(at)}>
              {text.card.openApp}
            </a>
          )}
          {own && (
            <a href={own} target="_blank" rel="noopener noreferrer nofollow">
              {hostOf(own) ?? own} <Icon name="open" size={12} />
            </a>
          )}
        </div>
      )}
    </div>
  );
}

interface Phone {
  number: string;
  type: string;
}

/* What stands after a number belongs to that number. */
function phonesOf(one: Attachment): Phone[] {
  const phones: Phone[] = [];
  for (const { name, value } of one.details ?? []) {
    if (name === "phone") phones.push({ number: value, type: "" });
    else if (name === "phone_type" && phones.length) phones[phones.length - 1].type = value;
    else if (name === "wa_id" && /^\d{7,15}$/.test(value) && phones.length === 0) phones.push({ number: "+" + value, type: "" });
  }
  return phones;
}

export function PersonCard({ one }: { one: Attachment }) {
  const name = one.title || text.card.noName;
  const work = [detail(one, "title"), detail(one, "department"), detail(one, "organization")].filter(Boolean).join(", ");
  const rest = ["address", "birthday"].flatMap((key) => detailAll(one, key).map((value) => [key, value] as const));
  return (
    <div class="info person">
      <div class="info-head">
        <Avatar name={name} seed={name} />
        <span class="link-text wrap">
          <strong dir="auto">{name}</strong>
          {work && <span dir="auto">{work}</span>}
        </span>
      </div>
      <ul class="info-rows">
        {phonesOf(one).map((phone, index) => (
          <li key={index}>
            <Icon name="call" size={14} />
            <span>
              <bdi>{phoneNumber(phone.number)}</bdi>
              {phone.type && " "}
              {phone.type && <small>{text.card.phoneTypes[phone.type.toLowerCase()] ?? phone.type.toLowerCase()}</small>}
            </span>
            <CopyIcon value={phone.number} label={text.card.copyNumber(phone.number)} />
          </li>
        ))}
        {detailAll(one, "email").map((mail, index) => (
          <li key={"m" + index}>
            <Icon name="email" size={14} />
            <span>{mail}</span>
            <CopyIcon value={mail} label={text.card.copyMail(mail)} />
          </li>
        ))}
        {rest.map(([key, value], index) => (
          <li key={key + index}>
            <Icon name={key === "address" ? "pin" : "clock"} size={14} />
            <span dir="auto">
              {value}
              {key === "birthday" && <small>{text.card.birthday}</small>}
            </span>
          </li>
        ))}
        {detailAll(one, "url").map((url, index) => (
          <li key={"u" + index}>
            <Icon name="link" size={14} />
            <span>
              {hostOf(url) && safeUrl(url) ? (
                <a href={url} target="_blank" rel="noopener noreferrer nofollow">
                  {url}
                </a>
              ) : (
                url
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function OrderCard({ message }: { message: Message }) {
  const lines = message.attachments.filter((one) => one.type === "order");
  const facts = lines.map((one) => ({ quantity: detail(one, "quantity"), price: detail(one, "price"), currency: detail(one, "currency") }));
  const sum = orderSum(facts);
  return (
    <div class="info order">
      <div class="info-head">
        <span class="link-icon">
          <Icon name="bag" size={18} />
        </span>
        <span class="link-text">
          <strong>{text.message.order}</strong>
          <span>{text.card.products(lines.length)}</span>
        </span>
      </div>
      <ul class="order-lines">
        {lines.map((one, index) => (
          <li key={index}>
            <span class="figures">{text.card.quantity(facts[index].quantity ?? "1")}</span>
            <span>
              <bdi>{one.title}</bdi>
              {" "}
              {lineSum(facts[index]) !== null && facts[index].quantity !== "1" && <small>{text.card.each(price(facts[index].price, facts[index].currency))}</small>}
            </span>
            <span class="figures">{price(lineSum(facts[index]) ?? facts[index].price, facts[index].currency)}</span>
          </li>
        ))}
        {sum && (
          <li class="order-sum">
            <span />
            <strong>{text.card.total}</strong>
            <strong class="figures">{price(sum.amount, sum.currency)}</strong>
          </li>
        )}
      </ul>
    </div>
  );
}

/* The advertisement or post by which the customer came. */
export function AdCard({ one }: { one: Attachment }) {
  const url = safeUrl(one.url);
  const isPost = detail(one, "source_type") === "post";
  const inside = (
    <>
      <span class="ad-kind">
        <Icon name="link" size={12} />
        {isPost ? text.card.post : text.card.ad}
      </span>
      {one.title && <strong dir="auto">{one.title}</strong>}
      {detail(one, "body") && <span dir="auto">{detail(one, "body")}</span>}
      {url && <small>{hostOf(url)}</small>}
    </>
  );
  return url ? (
    <a class="info ad" href={url} target="_blank" rel="noopener noreferrer nofollow">
      {inside}
    </a>
  ) : (
    <div class="info ad">{inside}</div>
  );
}

export const isAdCard = (one: Attachment) => one.type === "share" && (detail(one, "source_type") !== undefined || detail(one, "body") !== undefined);
