/* Settings → Members. */
import { useState } from "preact/hooks";
import { del, faultOf, get, patch, post } from "../../api/http";
import type { Member, Page, Role } from "../../api/types";
import { notify } from "../../state/notices";
import { may, me, workspacePath } from "../../state/session";
import { text } from "../../text";
import { Avatar, Badge, Button, Callout, IconButton } from "../parts/basic";
import { Confirm, Dialog } from "../parts/dialog";
import { FormField } from "../parts/field";
import { Empty, Skeleton, useAction, useLoaded, View } from "../parts/states";
import { SettingsFrame } from "./frame";

const ROLES: Role[] = ["viewer", "agent", "admin", "owner"];
const offered = () => ROLES.filter((role) => role !== "owner" || may("owner"));
const roleOptions = () =>
  offered().map((role) => ({ value: role, label: `${text.members.roles[role]}: ${text.members.roleHelp[role]}` }));

export function MembersPage() {
  const base = workspacePath.value;
  const members = useLoaded(() => get<Page<Member>>(`${base}/members`), [base]);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const action = useAction();
  const list = members.data?.items ?? [];
  const setRole = async (one: Member, role: Role) => {
    try {
      await patch(`${base}/members/${encodeURIComponent(one.user_id)}`, { role });
    } catch (error) {
      notify(faultOf(error).message, true);
    }
    void members.reload();
  };
  const remove = (one: Member) =>
    action.run("remove", async () => {
      await del(`${base}/members/${encodeURIComponent(one.user_id)}`);
      setRemoving(null);
      void members.reload();
    });
  return (
    <SettingsFrame
      title={text.members.title}
      lead={text.members.lead}
      action={
        may("admin") ? (
          <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
            {text.members.add}
          </Button>
        ) : undefined
      }
    >
      <View of={members} skeleton={<Skeleton rows={4} />}>
        {() =>
          list.length === 0 ? (
            <Empty icon="users" title={text.members.empty}>
              {text.members.emptyDetail}
            </Empty>
          ) : (
            <ul class="card table">
              {list.map((one) => (
                <MemberRow
                  key={one.user_id}
                  one={one}
                  onRole={(role) => void setRole(one, role)}
                  onRemove={() => setRemoving(one)}
                />
              ))}
            </ul>
          )
        }
      </View>
      {adding && <AddMember onClose={() => setAdding(false)} onAdded={() => void members.reload()} />}
      {removing && (
        <Confirm
          title={text.members.removeTitle(removing.name)}
          lines={text.members.removeDetail}
          go={text.members.removeGo}
          busy={!!action.busy}
          fault={action.fault}
          onGo={() => void remove(removing)}
          onClose={() => {
            setRemoving(null);
            action.clear();
          }}
        />
      )}
    </SettingsFrame>
  );
}

function MemberRow({ one, onRole, onRemove }: { one: Member; onRole: (role: Role) => void; onRemove: () => void }) {
  const own = one.user_id === me.value?.user.id;
  const fixed = !may("admin") || (one.role === "owner" && !may("owner"));
  return (
    <li class="table-row">
      <Avatar name={one.name} seed={one.user_id} />
      <div class="grow">
        <strong>{one.name}</strong>
        {own && <span class="muted"> ({text.members.you})</span>}
        <p class="muted">{one.email}</p>
      </div>
      {fixed ? (
        <Badge>{text.members.roles[one.role]}</Badge>
      ) : (
        <select
          aria-label={`${text.members.role}: ${one.name}`}
          value={one.role}
          onChange={(event) => onRole(event.currentTarget.value as Role)}
        >
          {offered().map((role) => (
            <option key={role} value={role}>
              {text.members.roles[role]}
            </option>
          ))}
        </select>
      )}
      {!fixed && <IconButton icon="trash" label={`${text.members.removeGo}: ${one.name}`} onClick={onRemove} />}
    </li>
  );
}

function AddMember({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [values, setValues] = useState({ name: "", email: "", role: "agent", password: "" });
  const [tried, setTried] = useState(false);
  const action = useAction();
  const wrong: Record<string, string | null> = {
    name: values.name.trim() ? null : text.setup.errors.name,
    email: /^[^@\s]+@[^@\s]+$/.test(values.email.trim()) ? null : text.setup.errors.email,
    password: Array.from(values.password).length >= 10 ? null : text.setup.errors.password,
  };
  const bind = (key: keyof typeof values) => ({
    name: key,
    value: values[key],
    onInput: (value: string) => setValues({ ...values, [key]: value }),
    error: action.fault?.fields.find((one) => one.field === key)?.message ?? (tried ? wrong[key] : null),
  });
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(wrong).some(Boolean)) return;
    const done = await action.run("add", async () => {
      await post(`${workspacePath.peek()}/members`, { ...values, name: values.name.trim(), email: values.email.trim() });
    });
    if (done) {
      notify(text.members.added(values.name.trim()));
      onAdded();
      onClose();
    }
  };
  return (
    <Dialog title={text.members.add} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <div class="dialog-body">
          <FormField label={text.members.name} autocomplete="off" autofocus {...bind("name")} />
          <FormField label={text.members.email} type="email" autocomplete="off" {...bind("email")} />
          <FormField label={text.members.role} options={roleOptions()} {...bind("role")} />
          <FormField
            label={text.members.password}
            type="password"
            autocomplete="new-password"
            help={text.members.passwordHelp}
            {...bind("password")}
          />
          {action.fault && action.fault.fields.length === 0 && (
            <Callout tone="bad" icon="warn">
              {action.fault.message}
            </Callout>
          )}
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={!!action.busy}>
            {text.members.addGo}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
