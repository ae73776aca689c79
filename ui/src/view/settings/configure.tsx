/* The Configure form of any channel: its fields are data, so an addon brings its own. */
import { useState } from "preact/hooks";
import { post, put, type FieldFault } from "../../api/http";
import type { Account, Channel, Field } from "../../api/types";
import { blocks, fieldsOf, slipOf } from "../../pure/fieldrules";
import { putAccount } from "../../state/channels";
import { workspacePath } from "../../state/session";
import { text } from "../../text";
import { Button, Callout, Copy, Segments } from "../parts/basic";
import { FormField } from "../parts/field";
import { useAction } from "../parts/states";

/* Half-filled forms outlive leaving the page by mistake; secrets among them only in memory. */
const halfFilled = new Map<string, Record<string, string>>();

/* The one secret that is the user's to choose: it is typed here and at the provider. */
const VERIFY = "verify_token";

function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

function optionsOf(field: Field) {
  if (field.options?.length) return field.options;
  if (!field.name.endsWith("_security")) return undefined;
  return (["tls", "starttls", "none"] as const).map((value) => ({ value, label: text.channels.security[value] }));
}

function startValues(channel: Channel, account?: Account): Record<string, string> {
  const values: Record<string, string> = {};
  for (const field of channel.fields) {
    const stored = field.name === VERIFY ? account?.verify_token : account?.fields[field.name];
    values[field.name] = (field.secret ? "" : (stored ?? "")) || (optionsOf(field)?.[0].value ?? "");
  }
  return values;
}

function useForm(channel: Channel, account?: Account) {
  const key = `${workspacePath.peek()} ${account?.id ?? channel.slug}`;
  const [values, setAll] = useState(() => halfFilled.get(key) ?? startValues(channel, account));
  const [touched, setTouched] = useState<Record<string, boolean>>({});
  const [faults, setFaults] = useState<FieldFault[]>([]);
  const set = (name: string, value: string) => {
    const next = { ...values, [name]: value };
    halfFilled.set(key, next);
    setAll(next);
    if (value) setTouched((was) => ({ ...was, [name]: true }));
    setFaults((was) => was.filter((one) => one.field !== name));
  };
  return { values, set, touched, setTouched, faults, setFaults, forget: () => halfFilled.delete(key) };
}

/* An empty secret is left out, which keeps the stored one; any other field may be emptied. */
function filled(fields: Field[], values: Record<string, string>, account?: Account): Record<string, string> {
  const all: [string, string][] = fields.map((field) => [field.name, values[field.name]?.trim() ?? ""]);
  return Object.fromEntries(all.filter(([, value], index) => value !== "" || (account && !fields[index].secret)));
}

function store(
  channel: Channel,
  account: Account | undefined,
  backend: string,
  fields: Record<string, string>,
): Promise<Account> {
  const base = `${workspacePath.peek()}/accounts`;
  if (account) return put<Account>(`${base}/${encodeURIComponent(account.id)}`, { fields });
  return post<Account>(base, { channel: channel.slug, ...(backend ? { backend } : {}), fields });
}

export function ConfigureForm({
  channel,
  account,
  onSaved,
  onCancel,
}: {
  channel: Channel;
  account?: Account;
  onSaved: (account: Account) => void;
  onCancel: () => void;
}) {
  const [backend, setBackend] = useState(account?.backend ?? channel.backends[0]?.slug ?? "");
  const form = useForm(channel, account);
  const action = useAction();
  const fields = fieldsOf(channel.fields, backend);
  const slip = (field: Field) => slipOf(field, form.values[field.name] ?? "", field.secret && !!account);
  const submit = async (event: Event) => {
    event.preventDefault();
    form.setTouched(Object.fromEntries(fields.map((field) => [field.name, true])));
    const bad = fields.find((field) => blocks(slip(field)));
    if (bad) {
      document.querySelector<HTMLElement>(`[name="${CSS.escape(bad.name)}"]`)?.focus();
      return;
    }
    await action.run("save", async () => {
      try {
        const answer = await store(channel, account, backend, filled(fields, form.values, account));
        form.forget();
        putAccount(answer);
        onSaved(answer);
      } catch (error) {
        form.setFaults((error as { fields?: FieldFault[] }).fields ?? []);
        throw error;
      }
    });
  };
  const asked = fields.filter((field) => !field.learned);
  const learned = fields.filter((field) => field.learned);
  const one = (field: Field, first: boolean) => (
    <OneField
      key={field.name}
      field={field}
      value={form.values[field.name] ?? ""}
      stored={field.secret ? (account?.fields[field.name] ?? null) : null}
      onInput={(value) => form.set(field.name, value)}
      onBlur={() => form.setTouched((was) => ({ ...was, [field.name]: was[field.name] || form.values[field.name] !== "" }))}
      slip={form.touched[field.name] ? slip(field) : null}
      fault={form.faults.find((fault) => fault.field === field.name)?.message}
      autofocus={first}
    />
  );
  return (
    <form class="form" onSubmit={submit} noValidate autocomplete="off">
      {channel.backends.length > 1 && <Backends channel={channel} value={backend} onChange={setBackend} fixed={!!account} />}
      {asked.map((field, index) => one(field, index === 0))}
      {learned.length > 0 && (
        <fieldset class="learned">
          <legend>{text.channels.learned}</legend>
          {learned.map((field) => one(field, false))}
        </fieldset>
      )}
      {action.fault && (
        <Callout tone="bad" icon="warn" title={action.fault.title}>
          {action.fault.message !== action.fault.title && action.fault.message}
        </Callout>
      )}
      <div class="form-foot">
        <Button
          onClick={() => {
            form.forget();
            onCancel();
          }}
        >
          {text.common.cancel}
        </Button>
        <Button kind="primary" type="submit" busy={action.busy === "save"}>
          {action.busy ? text.common.saving : text.common.save}
        </Button>
      </div>
    </form>
  );
}

function Backends({
  channel,
  value,
  onChange,
  fixed,
}: {
  channel: Channel;
  value: string;
  onChange: (value: string) => void;
  fixed: boolean;
}) {
  const chosen = channel.backends.find((one) => one.slug === value);
  return (
    <div class="field">
      <span class="field-label">{text.channels.backend}</span>
      {fixed ? (
        <p>{chosen?.name ?? value}</p>
      ) : (
        <Segments
          label={text.channels.backend}
          value={value}
          onChange={onChange}
          options={channel.backends.map((one) => ({ value: one.slug, label: one.name }))}
        />
      )}
      {chosen?.help && <p class="field-help">{chosen.help}</p>}
    </div>
  );
}

function OneField({
  field,
  value,
  stored,
  slip,
  fault,
  onInput,
  onBlur,
  autofocus,
}: {
  field: Field;
  value: string;
  stored: string | null;
  slip: ReturnType<typeof slipOf>;
  fault?: string;
  onInput: (value: string) => void;
  onBlur: () => void;
  autofocus: boolean;
}) {
  const words = slip ? text.channels.errors[slip] : null;
  const label = field.label.replace(/\s*\(optional\)$/i, "");
  const kept = stored ? text.channels.kept(stored) : null;
  return (
    <FormField
      label={label}
      name={field.name}
      optional={!field.required && !field.learned}
      type={field.secret && field.name !== VERIFY ? "secret" : "text"}
      mono={field.secret || field.name === VERIFY || field.name.endsWith("_id")}
      value={value}
      onInput={onInput}
      onBlur={onBlur}
      placeholder={stored ?? field.placeholder ?? undefined}
      options={optionsOf(field)}
      numeric={/_(id|port)$/.test(field.name)}
      autofocus={autofocus}
      action={field.name === VERIFY ? { label: text.channels.makeOne, onPick: () => onInput(newToken()) } : undefined}
      error={fault ?? (blocks(slip) ? words : null)}
      advice={blocks(slip) ? null : words}
      help={
        kept || field.help ? (
          <>
            {kept && <>{kept} </>}
            {field.help}
          </>
        ) : undefined
      }
    />
  );
}

/* What has to be pasted into Meta's form. */
export function SetupInfo({ channel, account }: { channel: Channel; account: Account }) {
  const hook = account.webhook_url ?? channel.webhook_url;
  const fields = channel.webhook_fields ?? [];
  return (
    <ol class="steps">
      {hook && (
        <li>
          <strong>{text.channels.webhookUrl}</strong>
          <p>{text.channels.webhookHelp[channel.slug] ?? text.channels.webhookHelpOther}</p>
          <Copy value={hook} label={text.channels.webhookUrl} />
        </li>
      )}
      {account.verify_token && (
        <li>
          <strong>{text.channels.verifyToken}</strong>
          <p>{text.channels.verifyHelp}</p>
          <Copy value={account.verify_token} label={text.channels.verifyToken} />
        </li>
      )}
      {fields.length > 0 && (
        <li>
          <strong>{text.channels.fields}</strong>
          <p>
            {fields.map((one) => (
              <code key={one} class="tag-code">
                {one}
              </code>
            ))}
          </p>
          {fields.length > 1 && <p>{text.channels.fieldsHelp}</p>}
        </li>
      )}
    </ol>
  );
}
