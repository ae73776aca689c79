-- Files both ways, templates, our reactions, and a customer's other ids.

-- What the account tells its customers by itself: 1 that their messages were read, 2 that somebody writes.
ALTER TABLE accounts ADD COLUMN presence INTEGER NOT NULL DEFAULT 3;
-- When its token is to be renewed next; 0: not looked at yet.
ALTER TABLE accounts ADD COLUMN renew_at INTEGER NOT NULL DEFAULT 0;

-- Other ids of a conversation's contact on its account: a business-scoped id beside the number, or the number before a change.
CREATE TABLE contact_aliases (
  account_id    INTEGER NOT NULL,
  external_key  TEXT NOT NULL,
  workspace_id  INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  PRIMARY KEY (account_id, external_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_aliases_by_conversation ON contact_aliases(conversation_id);

-- What is kept of customers' and agents' files. The bytes lie in the data directory, named by their hash (src/files).
CREATE TABLE files (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,
  sha256        TEXT NOT NULL,              -- hex
  bytes         INTEGER NOT NULL,
  mime_type     TEXT NOT NULL,              -- as the bytes look, not as anybody told
  width         INTEGER NOT NULL,           -- of a picture; 0: not one, or not readable
  height        INTEGER NOT NULL,
  has_preview   INTEGER NOT NULL,           -- 1: a small picture lies beside it
  is_mono       INTEGER NOT NULL,           -- 1: Ogg with one channel of Opus, as a voice message must be
  created_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX files_by_hash ON files(workspace_id, sha256);

ALTER TABLE attachments ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;      -- TRIXY_ATTACHMENT_*
ALTER TABLE attachments ADD COLUMN details TEXT;                          -- JSON: [["name","value"], ...]
ALTER TABLE attachments ADD COLUMN mime_type TEXT;                        -- as the provider or the sender told
ALTER TABLE attachments ADD COLUMN file_name TEXT;
ALTER TABLE attachments ADD COLUMN sha256 TEXT;                           -- as the provider told; base64 or hex
ALTER TABLE attachments ADD COLUMN state INTEGER NOT NULL DEFAULT 0;      -- 0 no file, 1 to be fetched, 2 kept, 3 not to be had
ALTER TABLE attachments ADD COLUMN fault TEXT;                            -- state 3, or why the last try failed: in words
ALTER TABLE attachments ADD COLUMN file_id INTEGER;
ALTER TABLE attachments ADD COLUMN due_at INTEGER;                        -- state 1: when to try (again)
ALTER TABLE attachments ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attachments ADD COLUMN media_id TEXT;                         -- ours: the provider's id of the upload, and how long it lives
ALTER TABLE attachments ADD COLUMN media_until INTEGER;
CREATE INDEX attachments_due ON attachments(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX attachments_by_file ON attachments(file_id) WHERE file_id IS NOT NULL;

-- Files that somebody has brought and not sent yet; they go after a day.
CREATE TABLE uploads (
  id            INTEGER PRIMARY KEY,
  workspace_id  INTEGER NOT NULL,
  file_id       INTEGER NOT NULL,
  user_id       INTEGER NOT NULL,
  name          TEXT NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_workspace ON uploads(workspace_id, id);
CREATE INDEX uploads_by_file ON uploads(file_id);
CREATE INDEX uploads_by_age ON uploads(created_at);

-- What a message of ours is beside its text: JSON of a template's use, or of a reaction. Kept for another attempt.
ALTER TABLE messages ADD COLUMN content TEXT;

-- How often this message had to wait because its customer gets too many: each wait is longer.
ALTER TABLE outbox ADD COLUMN parks INTEGER NOT NULL DEFAULT 0;

-- Ours: 0 settled, 1 on its way, 2 refused.
ALTER TABLE reactions ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reactions ADD COLUMN error_text TEXT;

-- An account's approved texts, as the provider told them last.
CREATE TABLE templates (
  account_id    INTEGER NOT NULL,
  name          TEXT NOT NULL,
  language      TEXT NOT NULL,
  workspace_id  INTEGER NOT NULL,
  is_usable     INTEGER NOT NULL,
  content       TEXT NOT NULL,              -- JSON of all that struct trixy_template tells
  fetched_at    INTEGER NOT NULL,
  PRIMARY KEY (account_id, name, language)
) STRICT, WITHOUT ROWID;
