/* Approved templates: found, read, filled in and sent; or only read, in the settings. */
import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { serverNow } from "../../api/http";
import type { Conversation, Template, TemplateVariable } from "../../api/types";
import type { Chip } from "../../pure/filerules";
import { fillPieces, findTemplates, templateText, valueSlip, variableName, type Piece, type TemplateFilter } from "../../pure/template";
import { capabilitiesOf, channelName } from "../../state/channels";
import { send } from "../../state/outbox";
import { may } from "../../state/session";
import { fetchTemplates, readTemplates, shelfOf } from "../../state/templates";
import { chipsOf, pictureOf, restoreBox, takeChips, troubled, underWay } from "../../state/uploads";
import { text } from "../../text";
import { Badge, Button, Callout, Time } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { FormField } from "../parts/field";
import { Icon } from "../parts/icons";
import { Empty, Skeleton } from "../parts/states";
import { Prose, type TextStyle } from "./prose";
import { attach, Chips, useFileDialog, type Target } from "./attach";

/* Templates being filled in, by conversation and template: closing the dialog by mistake loses nothing. */
const halfFilled = new Map<string, Record<string, string>>();
const keyOf = (conversation: string, name: string, language: string) => `${conversation} ${name} ${language}`;
export const templateBox = (conversation: string, name: string, language: string) => `template.${keyOf(conversation, name, language)}`;

/* The conversation whose template dialog is open, and the template that it starts with. */
export const templatesOpen = signal<{ conversation: string; name?: string; language?: string } | null>(null);

export function keepValues(conversation: string, name: string, language: string, values: Record<string, string>): void {
  halfFilled.set(keyOf(conversation, name, language), values);
}

const languageName = (code: string) => {
  try {
    return new Intl.DisplayNames(undefined, { type: "language" }).of(code.replace("_", "-")) ?? code;
  } catch {
    return code;
  }
};
const sentence = (word: string) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase().replaceAll("_", " ");

function useShelf(account: string) {
  const shelf = shelfOf(account);
  useEffect(() => {
    void readTemplates(account, may("agent"));
  }, [account]);
  return shelf;
}

/* The list, with all that it can be instead. Without onPick it is only read. */
export function TemplateShelf({ account, onPick }: { account: string; onPick?: (one: Template) => void }) {
  const { list, busy, fault } = useShelf(account);
  const [filter, setFilter] = useState<TemplateFilter>({ query: "", language: "", category: "" });
  const t = text.templates;
  const first = !list || list.fetched_at === null;
  const items = list?.items ?? [];
  const found = findTemplates(items, filter);
  return (
    <div class="shelf">
      <div class="shelf-head">
        <span class="muted">
          {list?.fetched_at ? (
            <>
              {t.count(items.length)} · {t.fetched} <Time said at={list.fetched_at} />
            </>
          ) : (
            !busy && t.never
          )}
        </span>
        {may("agent") && (
          <Button small icon="refresh" busy={busy === "fetching"} onClick={() => void fetchTemplates(account)}>
            {busy === "fetching" ? t.refreshing : t.refresh}
          </Button>
        )}
      </div>
      {fault && (
        <Callout tone="bad" icon="warn" title={t.failed}>
          {fault.message}
        </Callout>
      )}
      {busy && first ? (
        <>
          {busy === "fetching" && <p class="muted">{t.first}</p>}
          <Skeleton rows={3} />
        </>
      ) : items.length === 0 ? (
        !fault && (
          <Empty icon="template" title={t.none}>
            {t.noneDetail}
          </Empty>
        )
      ) : (
        <>
          <Filters all={items} filter={filter} onChange={setFilter} />
          {found.length === 0 ? (
            <Empty icon="search" title={t.noneFound}>
              {t.noneFoundDetail}
            </Empty>
          ) : (
            <ul class="template-list">
              {found.map((one) => (
                <TemplateRow key={one.name + " " + one.language} one={one} onPick={onPick} />
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}

function Filters({ all, filter, onChange }: { all: Template[]; filter: TemplateFilter; onChange: (filter: TemplateFilter) => void }) {
  const t = text.templates;
  const choices = (values: string[]) => [...new Set(values)].sort();
  const select = (label: string, name: "language" | "category", values: string[], words: (value: string) => string) =>
    values.length > 1 && (
      <select aria-label={label} value={filter[name]} onChange={(event) => onChange({ ...filter, [name]: event.currentTarget.value })}>
        <option value="">{`${label}: ${t.any}`}</option>
        {values.map((one) => (
          <option key={one} value={one}>
            {words(one)}
          </option>
        ))}
      </select>
    );
  return (
    <div class="shelf-filter">
      <label class="search">
        <Icon name="search" />
        <input
          type="search"
          value={filter.query}
          placeholder={t.search}
          aria-label={t.search}
          onInput={(event) => onChange({ ...filter, query: event.currentTarget.value })}
        />
      </label>
      {select(t.language, "language", choices(all.map((one) => one.language)), languageName)}
      {select(t.category, "category", choices(all.map((one) => one.category)), sentence)}
    </div>
  );
}

function TemplateRow({ one, onPick }: { one: Template; onPick?: (one: Template) => void }) {
  const inside = (
    <>
      <span class="template-top">
        <strong>{one.name}</strong>
        <span class="template-marks">
          <Badge>{languageName(one.language)}</Badge>
          <Badge>{sentence(one.category)}</Badge>
          {(!one.usable || !onPick) && <Badge tone={one.usable ? "good" : "warn"}>{sentence(one.status)}</Badge>}
        </span>
      </span>
      <span class="template-body" dir="auto">
        {fillPieces([one.header, one.body].filter(Boolean).join(" · "), one.variables, {}).map((piece, index) =>
          piece.gap ? <i key={index}>{piece.words}</i> : piece.words,
        )}
      </span>
      {!one.usable && (
        <span class="template-why">
          <Icon name="ban" size={14} />
          {one.reason ?? text.templates.unusable}
        </span>
      )}
    </>
  );
  return (
    <li class={`template${one.usable ? "" : " unusable"}`} data-template={one.name}>
      {onPick ? (
        <button type="button" aria-disabled={!one.usable || undefined} onClick={() => one.usable && onPick(one)}>
          {inside}
        </button>
      ) : (
        <div>{inside}</div>
      )}
    </li>
  );
}

export function TemplatesDialog({ one }: { one: Conversation }) {
  const start = templatesOpen.value;
  const shelf = shelfOf(one.account_id);
  const [picked, setPicked] = useState<{ name: string; language: string } | null>(
    start?.name ? { name: start.name, language: start.language ?? "" } : null,
  );
  /* Refreshed meanwhile, it is the new text that is sent. */
  const chosen = picked && shelf.list?.items.find((item) => item.name === picked.name && item.language === picked.language);
  const close = () => {
    templatesOpen.value = null;
  };
  return (
    <Dialog title={chosen ? chosen.name : text.templates.title} onClose={close} wide>
      {chosen ? (
        <TemplateForm key={chosen.name + chosen.language} one={one} template={chosen} onBack={() => setPicked(null)} onSent={close} />
      ) : (
        <div class="dialog-body templates">
          <TemplateShelf account={one.account_id} onPick={setPicked} />
        </div>
      )}
    </Dialog>
  );
}

const slipWords = (variable: TemplateVariable, value: string) => {
  const slip = valueSlip(variable, value);
  return slip === null ? null : slip === "long" ? text.templates.errors.long(variable.max_bytes!) : text.templates.errors[slip];
};

function TemplateForm({
  one,
  template,
  onBack,
  onSent,
}: {
  one: Conversation;
  template: Template;
  onBack: () => void;
  onSent: () => void;
}) {
  const t = text.templates;
  const key = keyOf(one.id, template.name, template.language);
  const [values, setValues] = useState(() => halfFilled.get(key) ?? {});
  const [touched, setTouched] = useState<Record<string, boolean>>({});
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const box = templateBox(one.id, template.name, template.language);
  useEffect(() => restoreBox(box), [box]);
  const set = (name: string, value: string) => {
    const next = { ...values, [name]: value };
    halfFilled.set(key, next);
    setValues(next);
  };
  const chips = chipsOf(box);
  const needsFile = template.header_type !== null && chips.length === 0;
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    const bad = template.variables.find((variable) => valueSlip(variable, values[variable.key] ?? ""));
    if (bad) {
      form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(bad.key)}"]`)?.focus();
      return;
    }
    if (needsFile || underWay(box) || troubled(box)) return;
    const clean = Object.fromEntries(template.variables.map(({ key: name }) => [name, (values[name] ?? "").trim()]));
    send(
      {
        conversationId: one.id,
        text: templateText(template, clean),
        note: false,
        tag: null,
        overflow: null,
        files: takeChips(box),
        template: { name: template.name, language: template.language, values: clean },
      },
      serverNow(),
    );
    halfFilled.delete(key);
    onSent();
  };
  return (
    <form ref={form} class="template-form" onSubmit={submit} noValidate autocomplete="off">
      <div class="dialog-body">
        <p class="muted">
          {languageName(template.language)} · {sentence(template.category)}
        </p>
        <div class="template-two">
          <div class="template-fields">
            {template.header_type && <HeaderFile one={one} box={box} type={template.header_type} missing={tried && needsFile} />}
            {template.variables.map((variable, index) => (
              <FormField
                key={variable.key}
                name={variable.key}
                label={variableName(variable)}
                value={values[variable.key] ?? ""}
                placeholder={variable.example ? t.example(variable.example) : undefined}
                onInput={(value) => set(variable.key, value)}
                onBlur={() => setTouched((was) => ({ ...was, [variable.key]: (values[variable.key] ?? "") !== "" }))}
                error={tried || touched[variable.key] ? slipWords(variable, values[variable.key] ?? "") : null}
                autofocus={index === 0}
              />
            ))}
            {template.variables.length === 0 && !template.header_type && <p class="muted">{t.noValues}</p>}
          </div>
          <Preview template={template} values={values} file={chips[0] ?? null} look={capabilitiesOf(one.channel).text_style} />
        </div>
      </div>
      <footer class="dialog-foot">
        <Button icon="left" kind="quiet" class="foot-start" onClick={onBack}>
          {t.back}
        </Button>
        <Button kind="primary" type="submit" icon="send" busy={underWay(box)}>
          {underWay(box) ? t.waits : t.send}
        </Button>
      </footer>
    </form>
  );
}

function HeaderFile({ one, box, type, missing }: { one: Conversation; box: string; type: "image" | "video" | "file"; missing: boolean }) {
  const rules = capabilitiesOf(one.channel).media.filter((rule) => rule.type === type);
  const to: Target = { box, channel: { slug: one.channel, name: channelName(one.channel) }, rules };
  const dialog = useFileDialog(rules, false, (files) => attach(to, files.slice(0, 1)));
  const some = chipsOf(box).length > 0;
  return (
    <div class="field">
      <span class="field-label">{text.templates.header[type]}</span>
      <Chips box={box} />
      {!some && (
        <Button icon="clip" onClick={dialog.open}>
          {text.templates.chooseFile}
        </Button>
      )}
      {dialog.field}
      {missing && (
        <p class="field-error" role="alert">
          {text.templates.fileNeeded}
        </p>
      )}
    </div>
  );
}

function Pieces({ words, template, values }: { words: string; template: Template; values: Record<string, string> }) {
  return (
    <>
      {fillPieces(words, template.variables, values).map((piece, index) =>
        piece.gap ? <mark key={index}>{piece.words}</mark> : piece.words,
      )}
    </>
  );
}

/* A gap stands out as code does, the one mark that holds inside all others. */
const asMarked = (piece: Piece) => (piece.gap ? "`" + piece.words.replaceAll("`", "") + "`" : piece.words);

const HEADER_ICON = { image: "image", video: "play", file: "file" };

function Preview({
  template,
  values,
  file,
  look,
}: {
  template: Template;
  values: Record<string, string>;
  file: Chip | null;
  look: TextStyle;
}) {
  const picture = file && template.header_type === "image" ? pictureOf(file) : null;
  return (
    <section class="template-preview" aria-label={text.templates.preview}>
      <h3>{text.templates.preview}</h3>
      <div class="bubble">
        {template.header_type &&
          (picture ? (
            <img class="preview-picture" src={picture} alt="" />
          ) : (
            <span class="preview-header">
              <Icon name={HEADER_ICON[template.header_type]} size={22} />
              {file?.name}
            </span>
          ))}
        {template.header && (
          <strong dir="auto">
            <Pieces words={template.header} template={template} values={values} />
          </strong>
        )}
        {look === "plain" ? (
          <p class="prose" dir="auto">
            <Pieces words={template.body} template={template} values={values} />
          </p>
        ) : (
          <Prose look={look}>{fillPieces(template.body, template.variables, values).map(asMarked).join("")}</Prose>
        )}
        {template.footer && <p class="preview-footer">{template.footer}</p>}
      </div>
      {template.buttons.length > 0 && (
        <ul class="preview-buttons" aria-label={text.templates.buttons}>
          {template.buttons.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
