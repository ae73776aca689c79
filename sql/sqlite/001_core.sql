-- The core's tables. Times are milliseconds since 1970 UTC. Every row of a workspace carries workspace_id.
-- Applied once, recorded in schema_migrations, never edited afterwards: a change is a new file.

CREATE TABLE users (
  id            INTEGER PRIMARY KEY,
  email         TEXT NOT NULL UNIQUE COLLATE NOCASE,
  name          TEXT NOT NULL,
  password      TEXT NOT NULL,              -- argon2id, libsodium's string form
  instance_admin INTEGER NOT NULL,          -- 1: reaches /admin; reads no message by that right
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE workspaces (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
  workspace_id  INTEGER NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  user_id       INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  role          INTEGER NOT NULL,           -- 1 viewer, 2 agent, 3 admin, 4 owner
  joined_at     INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members(user_id);

-- Browser sessions, API tokens and one-time sign-in links: whoever shows the secret is the user.
CREATE TABLE credentials (
  id            INTEGER PRIMARY KEY,
  kind          INTEGER NOT NULL,           -- 1 session, 2 API token, 3 one-time link
  user_id       INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  digest        BLOB NOT NULL UNIQUE,       -- SHA-256 of the secret; the secret itself is not kept
  name          TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  used_at       INTEGER NOT NULL,           -- last use, to the minute
  expires_at    INTEGER NOT NULL            -- 0: never
) STRICT;
CREATE INDEX credentials_by_user ON credentials(user_id, kind);

CREATE TABLE addons (
  slug          TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  description   TEXT NOT NULL,
  version       TEXT NOT NULL,
  channel       TEXT NOT NULL,
  package_hash  TEXT NOT NULL,              -- SHA-256 of the zip, hex: the folder it is unpacked in
  signed_by     TEXT,                       -- name of the trusted key; NULL: an admin confirmed an unsigned package
  status        INTEGER NOT NULL,           -- 1 installed, 2 active, 3 inactive, 4 failed
  status_reason TEXT,
  installed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE addon_migrations (
  slug          TEXT NOT NULL,
  number        INTEGER NOT NULL,
  digest        TEXT NOT NULL,              -- of the file as it was applied
  applied_at    INTEGER NOT NULL,
  PRIMARY KEY (slug, number)
) STRICT, WITHOUT ROWID;

-- A connected mailbox, number or business account. Its form fields are in the channel's own table, e.g. instagram_accounts.
CREATE TABLE accounts (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL REFERENCES workspaces(id) ON DELETE CASCADE,
  channel       TEXT NOT NULL,
  backend       TEXT NOT NULL,
  external_key  TEXT NOT NULL,              -- what webhooks call it
  name          TEXT NOT NULL,
  handle        TEXT NOT NULL,
  status        INTEGER NOT NULL,           -- 1 connected, 2 reconnect needed, 3 disabled (disconnected by a person)
  status_reason TEXT,
  verify_token  BLOB NOT NULL,              -- sealed
  parked_until  INTEGER NOT NULL,           -- its outbox rests until then; 0: it does not
  connected_at  INTEGER NOT NULL,
  last_event_at INTEGER NOT NULL,           -- when its last webhook was applied, to the minute; 0: never
  last_error    TEXT,
  revision      INTEGER NOT NULL            -- rises with every save of its fields: what was found with older ones counts no more
) STRICT;
-- One live owner of an external account in the whole instance.
CREATE UNIQUE INDEX accounts_by_key ON accounts(channel, external_key) WHERE status <> 3;
CREATE INDEX accounts_by_workspace ON accounts(workspace_id, id);

CREATE TABLE contacts (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,
  name          TEXT,                       -- NULL: not known yet
  created_at    INTEGER NOT NULL
) STRICT;

-- How a contact is called on one account.
CREATE TABLE contact_identities (
  account_id    INTEGER NOT NULL,
  external_key  TEXT NOT NULL,
  workspace_id  INTEGER NOT NULL,
  contact_id    INTEGER NOT NULL,
  handle        TEXT,
  picture_url   TEXT,
  follower_count INTEGER,
  profile_due_at INTEGER,                   -- when to ask the provider who this is; NULL: not wanted
  profile_tries INTEGER NOT NULL,
  PRIMARY KEY (account_id, external_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_identities_by_contact ON contact_identities(contact_id);
CREATE INDEX contact_identities_due ON contact_identities(account_id, profile_due_at) WHERE profile_due_at IS NOT NULL;

CREATE TABLE conversations (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,
  channel       TEXT NOT NULL CHECK (channel IN ('email', 'whatsapp')),  -- a closed list until a channel addon widens it
  account_id    INTEGER NOT NULL,
  contact_id    INTEGER NOT NULL,
  external_key  TEXT NOT NULL,              -- the contact's on this account
  status        INTEGER NOT NULL,           -- 1 open, 2 done
  unread        INTEGER NOT NULL,           -- customer's messages that nobody has looked at
  activity_at   INTEGER NOT NULL,           -- the newest event's time: the order of the list
  window_from   INTEGER NOT NULL,           -- the customer's newest word that opens the reply window; 0: none
  read_at       INTEGER NOT NULL            -- the customer has read what we wrote up to then; 0: nothing
) STRICT;
CREATE UNIQUE INDEX conversations_by_contact ON conversations(account_id, external_key);
-- A list of several channels or states is merged from lists of one each.
CREATE INDEX conversations_by_activity ON conversations(workspace_id, channel, status, activity_at, id);
CREATE INDEX conversations_unread ON conversations(workspace_id, channel, activity_at, id, unread) WHERE unread > 0;

CREATE TABLE messages (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  direction     INTEGER NOT NULL,           -- 1 in, 2 out, 3 note; 0: not shown (only a receipt for it has come)
  kind          INTEGER NOT NULL,           -- TRIXY_MESSAGE_*; 0 missing: referred to, not here (yet)
  status        INTEGER NOT NULL,           -- 0 received, 1 queued, 2 sending, 3 sent, 4 delivered, 5 read, 6 failed, 7 unknown
  flags         INTEGER NOT NULL,           -- 1 unsent, 2 edited, 4 standby, 8 written elsewhere, 16 by a machine, 32 its receipt has come,
                                            -- 64 an attempt to send it was begun
  at            INTEGER NOT NULL,
  external_id   TEXT,                       -- the provider's; NULL until it is sent
  external_hash INTEGER,                    -- 64 bits of external_id, so that the index stays small
  text          TEXT,
  payload       TEXT,
  reply_to_id   TEXT,                       -- external_id of the message that this one answers
  story_id      TEXT,
  story_url     TEXT,
  tag           TEXT,
  client_id     TEXT,
  author_id     INTEGER,                    -- the user who wrote it here
  edit_number   INTEGER NOT NULL,
  error_code    TEXT,
  error_text    TEXT,
  error_fix     TEXT
) STRICT;
CREATE INDEX messages_by_time ON messages(conversation_id, at, id);
CREATE INDEX messages_by_external ON messages(conversation_id, external_hash) WHERE external_hash IS NOT NULL;
-- Our own that an echo may still settle: queued again, being sent, or unknown.
CREATE INDEX messages_unsettled ON messages(conversation_id, id) WHERE status IN (1, 2, 7);
CREATE UNIQUE INDEX messages_by_client ON messages(conversation_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE attachments (
  message_id    INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  workspace_id  INTEGER NOT NULL,
  type          INTEGER NOT NULL,           -- TRIXY_MESSAGE_*
  url           TEXT,
  title         TEXT,
  external_id   TEXT,
  PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;

-- The last word of each side about a message. A taken-back reaction keeps its row, so that a late older event loses.
CREATE TABLE reactions (
  message_id    INTEGER NOT NULL,
  side          INTEGER NOT NULL,           -- 1 the contact, 2 us
  workspace_id  INTEGER NOT NULL,
  reaction      TEXT,                       -- NULL with emoji NULL: taken back
  emoji         TEXT,
  at            INTEGER NOT NULL,
  PRIMARY KEY (message_id, side)
) STRICT, WITHOUT ROWID;

-- What waits to be sent. A row goes when the message is sent, has failed or is unknown.
CREATE TABLE outbox (
  message_id    INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,
  account_id    INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  text          TEXT NOT NULL,              -- what is sent, whatever an echo taken for it makes of the message meanwhile
  due_at        INTEGER NOT NULL,
  tries         INTEGER NOT NULL,
  claimed_at    INTEGER NOT NULL            -- 0: free. Set and committed before the request leaves: after a crash such a row is unknown
) STRICT;
CREATE INDEX outbox_by_due ON outbox(account_id, due_at);
CREATE INDEX outbox_by_conversation ON outbox(conversation_id, message_id);

-- The journal: one row a webhook body, and one a body and account.
CREATE TABLE webhook_bodies (
  id            INTEGER PRIMARY KEY,
  channel       TEXT NOT NULL,
  received_at   INTEGER NOT NULL,
  body          BLOB NOT NULL
) STRICT;

CREATE TABLE webhook_events (
  id            INTEGER PRIMARY KEY,
  body_id       INTEGER NOT NULL,
  workspace_id  INTEGER,                    -- NULL: no account of this instance
  account_id    INTEGER,
  state         INTEGER NOT NULL,           -- 1 applied, 2 ignored, 3 failed, 4 refused
  reason        TEXT,
  digest        INTEGER                     -- of body and account, for those that left no message to tell a redelivery by
) STRICT;
CREATE INDEX webhook_events_by_workspace ON webhook_events(workspace_id, id);
CREATE INDEX webhook_events_by_state ON webhook_events(workspace_id, state, id) WHERE state <> 1;
CREATE INDEX webhook_events_by_digest ON webhook_events(digest) WHERE digest IS NOT NULL;

-- What browsers are told, in commit order; the id is the SSE event id. Old rows go after a day, but never the newest, so that
-- ids go on rising without AUTOINCREMENT's second table.
CREATE TABLE changes (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,           -- 0: every workspace
  kind          INTEGER NOT NULL,           -- 1 message, 2 conversation, 3 account, 4 addon
  subject_id    INTEGER NOT NULL,           -- message, conversation or account
  conversation_id INTEGER NOT NULL,
  at            INTEGER NOT NULL
) STRICT;

-- Small facts of the instance: keys of JSON-free text, e.g. 'search.done_to'.
CREATE TABLE settings (
  name          TEXT PRIMARY KEY,
  value         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Words of messages and contacts, filled behind the commits. A row's id is the message's, or minus the conversation's for its
-- contact. A word made of U+E000 and the workspace's id stands in each, so that a search stays inside its workspace; no text
-- that is indexed keeps a U+E000 of its own.
-- src/store/words.c has cut the words: only blanks part them here.
CREATE VIRTUAL TABLE message_words USING fts5(words, detail=none,
  tokenize="unicode61 remove_diacritics 2 categories 'C* L* M* N* P* S* Z*' separators ' '");
-- Messages whose words changed after they were indexed.
CREATE TABLE message_words_dirty (
  message_id    INTEGER PRIMARY KEY
) STRICT;
