/* Settings → API tokens. */
import { useState } from "preact/hooks";
import { del, get, post } from "../../api/http";
import type { ApiToken, Page } from "../../api/types";
import { text } from "../../text";
import { Button, Callout, Copy, Time } from "../parts/basic";
import { Confirm } from "../parts/dialog";
import { FormField } from "../parts/field";
import { Icon } from "../parts/icons";
import { Empty, Skeleton, useAction, useLoaded, View } from "../parts/states";
import { SettingsFrame } from "./frame";

export function TokensPage() {
  const tokens = useLoaded(() => get<Page<ApiToken>>("/tokens"), []);
  const [revoking, setRevoking] = useState<ApiToken | null>(null);
  const action = useAction();
  const revoke = (one: ApiToken) =>
    action.run("revoke", async () => {
      await del(`/tokens/${encodeURIComponent(one.id)}`);
      setRevoking(null);
      void tokens.reload();
    });
  const list = tokens.data?.items ?? [];
  return (
    <SettingsFrame title={text.tokens.title} lead={text.tokens.lead}>
      <CreateToken onMade={() => void tokens.reload()} />
      <View of={tokens} skeleton={<Skeleton rows={3} />}>
        {() =>
          list.length === 0 ? (
            <Empty icon="key" title={text.tokens.empty}>
              {text.tokens.emptyDetail}
            </Empty>
          ) : (
            <ul class="card table">
              {list.map((one) => (
                <li key={one.id} class="table-row">
                  <span class="muted">
                    <Icon name="key" />
                  </span>
                  <div class="grow">
                    <strong>{one.name}</strong>
                    <p class="muted">
                      {text.tokens.createdAt} <Time said at={one.created_at} /> · {text.tokens.lastUsed}:{" "}
                      <Time said at={one.last_used_at} />
                    </p>
                  </div>
                  <Button small onClick={() => setRevoking(one)}>
                    {text.tokens.revoke}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </View>
      {revoking && (
        <Confirm
          title={text.tokens.revokeTitle(revoking.name)}
          lines={text.tokens.revokeDetail}
          go={text.tokens.revoke}
          busy={!!action.busy}
          fault={action.fault}
          onGo={() => void revoke(revoking)}
          onClose={() => {
            setRevoking(null);
            action.clear();
          }}
        />
      )}
    </SettingsFrame>
  );
}

function CreateToken({ onMade }: { onMade: () => void }) {
  const [name, setName] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [made, setMade] = useState<ApiToken | null>(null);
  const action = useAction();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!name.trim()) {
      setError(text.tokens.nameError);
      return;
    }
    await action.run("make", async () => {
      setMade(await post<ApiToken>("/tokens", { name: name.trim() }));
      setName("");
      onMade();
    });
  };
  return (
    <section class="card pad">
      <form class="inline-form" onSubmit={submit}>
        <FormField
          label={text.tokens.name}
          value={name}
          onInput={(value) => {
            setName(value);
            setError(null);
          }}
          error={error ?? action.fault?.fields[0]?.message}
          autocomplete="off"
        />
        <Button kind="primary" type="submit" busy={!!action.busy}>
          {text.tokens.create}
        </Button>
      </form>
      {action.fault && action.fault.fields.length === 0 && (
        <Callout tone="bad" icon="warn">
          {action.fault.message}
        </Callout>
      )}
      {made?.token && (
        <Callout tone="good" icon="check" title={text.tokens.created}>
          <Copy value={made.token} label={text.tokens.token} />
        </Callout>
      )}
    </section>
  );
}
