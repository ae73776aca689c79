/* Before the inbox: signing in, and the first user of a fresh installation. */
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { faultOf, get, type Fault } from "../../api/http";
import { params } from "../../state/router";
import { setUp, signIn, wasSignedIn } from "../../state/session";
import { text } from "../../text";
import { Button, Callout } from "../parts/basic";
import { FormField } from "../parts/field";
import { useLoaded } from "../parts/states";

function Frame({ title, lead, children }: { title: string; lead: string; children: ComponentChildren }) {
  return (
    <main class="start" id="main">
      <div class="start-card">
        <Mark />
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        {children}
      </div>
    </main>
  );
}

export function Mark() {
  return (
    <svg class="mark" width="40" height="40" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="mark-ground" />
      <path
        d="M7 9.6h18v9.6a3.2 3.2 0 0 1-3.2 3.2h-6.6L10.6 26v-3.6h-.4A3.2 3.2 0 0 1 7 19.2zM7 12l7.6 5a2.6 2.6 0 0 0 2.8 0L25 12"
        class="mark-lines"
      />
    </svg>
  );
}

export function Login() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      await signIn(email.trim(), password);
    } catch (error) {
      setFault(faultOf(error));
    }
    setBusy(false);
  };
  const expired = params.value.has("token") || params.value.has("expired");
  return (
    <Frame title={text.login.title} lead={text.login.welcome}>
      <form onSubmit={submit}>
        {wasSignedIn.value && (
          <Callout tone="accent" icon="info">
            {text.login.again}
          </Callout>
        )}
        {expired && (
          <Callout tone="warn" icon="clock">
            {text.login.expired}
          </Callout>
        )}
        {fault && (
          <Callout tone="bad" icon="warn">
            {fault.message}
          </Callout>
        )}
        <FormField
          label={text.login.email}
          type="email"
          name="email"
          autocomplete="username"
          value={email}
          onInput={setEmail}
          autofocus
        />
        <FormField
          label={text.login.password}
          type="password"
          name="password"
          autocomplete="current-password"
          value={password}
          onInput={setPassword}
        />
        <Button kind="primary" type="submit" busy={busy} class="full">
          {busy ? text.login.going : text.login.go}
        </Button>
      </form>
    </Frame>
  );
}

type Values = { name: string; email: string; password: string; workspace: string };

function slips(values: Values): Partial<Values> {
  const errors: Partial<Values> = {};
  if (!values.name.trim()) errors.name = text.setup.errors.name;
  if (!/^[^@\s]+@[^@\s]+$/.test(values.email.trim())) errors.email = text.setup.errors.email;
  if (Array.from(values.password).length < 10) errors.password = text.setup.errors.password;
  if (!values.workspace.trim()) errors.workspace = text.setup.errors.workspace;
  return errors;
}

export function Setup() {
  const needed = useLoaded(() => get<{ needed: boolean }>("/setup"), []);
  const [values, setValues] = useState<Values>({ name: "", email: "", password: "", workspace: "" });
  const [touched, setTouched] = useState<Partial<Record<keyof Values, boolean>>>({});
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const wrong = slips(values);
  if (needed.data && !needed.data.needed) {
    return (
      <Frame title={text.setup.title} lead={text.setup.done}>
        <a class="button primary full" href="/login">
          <span>{text.setup.toLogin}</span>
        </a>
      </Frame>
    );
  }
  const submit = async (event: Event) => {
    event.preventDefault();
    setTouched({ name: true, email: true, password: true, workspace: true });
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    setFault(null);
    try {
      await setUp({ ...values, name: values.name.trim(), email: values.email.trim(), workspace: values.workspace.trim() });
    } catch (error) {
      setFault(faultOf(error));
    }
    setBusy(false);
  };
  const bind = (key: keyof Values) => ({
    name: key,
    value: values[key],
    onInput: (value: string) => setValues({ ...values, [key]: value }),
    onBlur: () => setTouched({ ...touched, [key]: values[key] !== "" || touched[key] }),
    error: fault?.fields.find((one) => one.field === key)?.message ?? (touched[key] ? wrong[key] : null),
  });
  return (
    <Frame title={text.setup.title} lead={text.setup.lead}>
      <form onSubmit={submit} noValidate>
        {fault && fault.fields.length === 0 && (
          <Callout tone="bad" icon="warn">
            {fault.message}
          </Callout>
        )}
        <FormField label={text.setup.name} autocomplete="name" autofocus {...bind("name")} />
        <FormField label={text.setup.email} type="email" autocomplete="username" {...bind("email")} />
        <FormField
          label={text.setup.password}
          type="password"
          autocomplete="new-password"
          help={text.setup.passwordHelp}
          {...bind("password")}
        />
        <FormField
          label={text.setup.workspace}
          autocomplete="organization"
          help={text.setup.workspaceHelp}
          {...bind("workspace")}
        />
        <Button kind="primary" type="submit" busy={busy} class="full">
          {busy ? text.setup.going : text.setup.go}
        </Button>
      </form>
    </Frame>
  );
}
