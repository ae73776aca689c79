/* What the server answers, as the page uses it. Fields the page does not read are left out. */

export type Role = "viewer" | "agent" | "admin" | "owner";

export interface Workspace {
  id: string;
  name: string;
  role: Role;
}
export interface Me {
  user: { id: string; name: string; email: string };
  instance_admin: boolean;
  csrf_token: string | null;
  workspaces: Workspace[];
  public_url?: string;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface TextLimit {
  max: number;
  unit: "bytes" | "characters";
}
export interface Tag {
  tag: string;
  label: string;
  help: string;
}
export interface Field {
  name: string;
  label: string;
  required: boolean;
  secret: boolean;
  help?: string | null;
  placeholder?: string | null;
  /* Left out: the field belongs to every backend. */
  backends?: string[] | null;
  options?: { value: string; label: string }[] | null;
  /* Found out by the server when it is left empty. */
  learned?: boolean;
}
/* One kind of file that a channel takes. */
export interface MediaRule {
  type: MediaType;
  mime_types: string[];
  max_bytes: number;
  /* How much text may stand under it, in the unit of the text limit; 0: none. */
  caption_max: number;
  help: string | null;
}
export type MediaType = "image" | "video" | "audio" | "file" | "sticker";
/* What a channel can do. What it cannot is false, or an empty list. */
export interface Capabilities {
  quote: boolean;
  react: { allowed: boolean; emoji: string[] | null /* null: any one emoji */ };
  seen: boolean;
  typing: boolean;
  typing_is_seen: boolean; /* who is told that somebody writes learns that the messages were read */
  templates: boolean;
  voice: boolean;
  text_style: "plain" | "whatsapp";
  media: MediaRule[];
}
export interface Channel {
  slug: string;
  name: string;
  text_limit?: TextLimit | null;
  window?: { hours: number; tag_hours: number; tags: Tag[] } | null;
  backends: { slug: string; name: string; help?: string | null }[];
  fields: Field[];
  webhook_url?: string | null;
  webhook_fields?: string[] | null;
  capabilities?: Capabilities;
  /* Part of the program, not of an addon: it is there without anybody wanting it. */
  core?: boolean;
}

export type AccountStatus = "connected" | "reconnect_needed" | "disabled";
export interface Account {
  id: string;
  channel: string;
  backend: string;
  name: string | null;
  handle: string | null;
  status: AccountStatus;
  status_reason: string | null;
  fields: Record<string, string | null>;
  verify_token?: string | null;
  webhook_url?: string | null;
  parked_until?: string | null;
  connected_at?: string | null;
  last_event_at?: string | null;
  last_error?: string | null;
  read_receipts?: boolean;
  typing?: boolean;
}
export interface Check {
  check: string;
  status: "ok" | "failed" | "warning" | "skipped";
  explanation: string;
  fix: string | null;
}

export interface Contact {
  id: string;
  name: string | null;
  handle: string | null;
  avatar_url: string | null;
}
export interface ReplyWindow {
  open: boolean;
  closes_at: string | null;
  tag_until: string | null;
}
export interface Conversation {
  id: string;
  channel: string;
  account_id: string;
  account_name: string | null;
  contact: Contact;
  status: "open" | "done";
  unread: number;
  last_message: { text: string | null; at: string; direction: Direction; kind: string; unsent?: boolean; name?: string | null; failed?: boolean } | null;
  last_activity_at: string;
  window: ReplyWindow | null;
  can_reply: boolean;
  cannot_reply_reason: string | null;
}
export interface Counts {
  open: number;
  unread: number;
  by_channel: Record<string, { open: number; unread: number }>;
}

export type Direction = "in" | "out" | "note";
export type Status = "received" | "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";
/* none: there is no file to keep (a link, a place, a person); fetching: it is being brought;
   kept: the server has it; lost: it cannot be had. */
export type MediaState = "none" | "fetching" | "kept" | "lost";
export interface Detail {
  name: string;
  value: string;
}
export interface Attachment {
  position: number;
  type: string;
  state: MediaState;
  url: string | null;
  preview_url: string | null;
  title: string | null;
  file_name: string | null;
  mime_type: string | null;
  bytes: number | null;
  width: number | null;
  height: number | null;
  voice: boolean;
  animated: boolean;
  details: Detail[];
  /* fetching: why the last try failed; lost: why it cannot be had. */
  fault: string | null;
}
export interface Reaction {
  by: "contact" | "us";
  reaction: string;
  emoji: string | null;
  status: "settled" | "sending" | "refused";
  error: string | null;
}
export interface ReplyTo {
  message_id: string | null;
  external_id: string | null;
  text: string | null;
  story: { id: string; url: string | null } | null;
}
export interface SendError {
  code: string;
  message: string;
  fix: string | null;
  retryable: boolean;
}
export interface Message {
  id: string;
  conversation_id: string;
  direction: Direction;
  kind: string;
  text: string | null;
  at: string;
  status: Status;
  error: SendError | null;
  attachments: Attachment[];
  reactions: Reaction[];
  reply_to: ReplyTo | null;
  external_id: string | null;
  client_id: string | null;
  tag: string | null;
  unsent: boolean;
  edited: boolean;
  forwarded: boolean;
  origin: "inbox" | "elsewhere" | "contact" | null;
  author: { id: string; name: string } | null;
  payload: unknown;
  standby: boolean;
  seq: number;
}

/* A file that was sent to the server and belongs to no message yet. */
export interface Upload {
  id: string;
  name: string;
  mime_type: string;
  bytes: number;
  width: number | null;
  height: number | null;
  type: MediaType;
  preview_url: string | null;
}
export interface TemplateVariable {
  key: string;
  label: string;
  example: string | null;
  max_bytes: number | null;
}
export interface Template {
  name: string;
  language: string;
  category: string;
  status: string;
  usable: boolean;
  reason: string | null;
  header: string | null;
  header_type: "image" | "video" | "file" | null;
  body: string;
  footer: string | null;
  buttons: string[];
  variables: TemplateVariable[];
}
export interface Templates {
  items: Template[];
  fetched_at: string | null;
  next_cursor: string | null;
}

export interface JournalItem {
  id: string;
  account_id: string | null;
  received_at: string;
  state: "applied" | "ignored" | "failed" | "refused";
  reason: string | null;
}
export interface Member {
  user_id: string;
  name: string;
  email: string;
  role: Role;
}
export interface ApiToken {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  token?: string;
}

export interface Addon {
  slug: string;
  name: string;
  description: string | null;
  version: string;
  status: "installed" | "active" | "inactive" | "failed";
  status_reason: string | null;
  channel?: { slug: string; name: string } | null;
  signed_by: string | null;
  settings_path: string | null;
  installed_at?: string | null;
}
export interface Overview {
  name: string;
  webhook_url: string;
  channels_path?: string | null;
  connected: {
    workspace_id: string;
    workspace_name: string;
    account_name: string | null;
    backend: string;
    status: AccountStatus;
    connected_at: string | null;
  }[];
  checklist: { title: string; detail: string | null; items?: { name: string; reason: string | null }[] | null }[];
}
