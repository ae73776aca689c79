-- oldest: 3
-- All tables of the core for MariaDB, as of number 3. What a column means stands in sql/sqlite/, table by table; here is what
-- is different, and why.
--
-- DDL commits by itself here, a program may be killed between any two statements, and two servers may start at one time: so
-- every statement can run again, and beside itself. One ends with the only ';' at the end of a line.
--
-- Ids come from one counter for all tables (writing.next_id), never from AUTO_INCREMENT, whose numbers rise in another order
-- than commits do, and by steps of their own on each node of a cluster.
--
-- Text is compared byte for byte, trailing blanks too (utf8mb4_nopad_bin), as SQLite does it. What an index or a limit of the
-- program bounds is VARCHAR, the rest MEDIUMTEXT: no limit of the database may be the one that a message meets first.
-- SQLite's partial indexes are whole ones where NULL or a range leaves the rest out, else a generated column carries the
-- condition: those are called *_key, exist on this engine only, and nobody writes them.

CREATE TABLE IF NOT EXISTS users (
  id            BIGINT NOT NULL PRIMARY KEY,
  email         VARCHAR(254) NOT NULL,
  name          MEDIUMTEXT NOT NULL,
  password      MEDIUMTEXT NOT NULL,
  instance_admin BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  email_key     VARCHAR(254) AS (lower(email)) STORED,
  UNIQUE KEY users_by_email (email_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS workspaces (
  id            BIGINT NOT NULL PRIMARY KEY,
  name          MEDIUMTEXT NOT NULL,
  created_at    BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS members (
  workspace_id  BIGINT NOT NULL,
  user_id       BIGINT NOT NULL,
  role          BIGINT NOT NULL,
  joined_at     BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, user_id),
  KEY members_by_user (user_id),
  CONSTRAINT members_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
  CONSTRAINT members_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS credentials (
  id            BIGINT NOT NULL PRIMARY KEY,
  kind          BIGINT NOT NULL,
  user_id       BIGINT NOT NULL,
  digest        VARBINARY(64) NOT NULL,
  name          MEDIUMTEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  used_at       BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL,
  UNIQUE KEY credentials_by_digest (digest),
  KEY credentials_by_user (user_id, kind),
  CONSTRAINT credentials_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS addons (
  slug          VARCHAR(190) NOT NULL PRIMARY KEY,
  name          MEDIUMTEXT NOT NULL,
  description   MEDIUMTEXT NOT NULL,
  version       MEDIUMTEXT NOT NULL,
  channel       MEDIUMTEXT NOT NULL,
  package_hash  MEDIUMTEXT NOT NULL,
  signed_by     MEDIUMTEXT,
  status        BIGINT NOT NULL,
  status_reason MEDIUMTEXT,
  installed_at  BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS addon_migrations (
  slug          VARCHAR(190) NOT NULL,
  number        BIGINT NOT NULL,
  digest        MEDIUMTEXT NOT NULL,
  applied_at    BIGINT NOT NULL,
  PRIMARY KEY (slug, number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- One live owner of an external account in the whole instance: rows that are not live have no live_key, and NULLs never clash.
CREATE TABLE IF NOT EXISTS accounts (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  channel       VARCHAR(190) NOT NULL,
  backend       MEDIUMTEXT NOT NULL,
  external_key  VARCHAR(512) NOT NULL,
  name          MEDIUMTEXT NOT NULL,
  handle        MEDIUMTEXT NOT NULL,
  status        BIGINT NOT NULL,
  status_reason MEDIUMTEXT,
  verify_token  MEDIUMBLOB NOT NULL,
  parked_until  BIGINT NOT NULL,
  connected_at  BIGINT NOT NULL,
  last_event_at BIGINT NOT NULL,
  last_error    MEDIUMTEXT,
  revision      BIGINT NOT NULL,
  presence      BIGINT NOT NULL DEFAULT 3,
  renew_at      BIGINT NOT NULL DEFAULT 0,
  live_key      BIGINT AS (if(status <> 3, 1, NULL)) STORED,
  UNIQUE KEY accounts_by_key (channel, external_key, live_key),
  KEY accounts_by_workspace (workspace_id, id),
  CONSTRAINT accounts_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS contacts (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  name          MEDIUMTEXT,
  created_at    BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS contact_identities (
  account_id    BIGINT NOT NULL,
  external_key  VARCHAR(512) NOT NULL,
  workspace_id  BIGINT NOT NULL,
  contact_id    BIGINT NOT NULL,
  handle        MEDIUMTEXT,
  picture_url   MEDIUMTEXT,
  follower_count BIGINT,
  profile_due_at BIGINT,
  profile_tries BIGINT NOT NULL,
  due_key       BIGINT AS (-1 - profile_due_at) STORED,	-- of any number: the lowest has no negative
  PRIMARY KEY (account_id, external_key),
  KEY contact_identities_by_contact (contact_id),
  KEY contact_identities_due (account_id, profile_due_at),
  KEY contact_identities_first (account_id, due_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS contact_aliases (
  account_id    BIGINT NOT NULL,
  external_key  VARCHAR(512) NOT NULL,
  workspace_id  BIGINT NOT NULL,
  conversation_id BIGINT NOT NULL,
  PRIMARY KEY (account_id, external_key),
  KEY contact_aliases_by_conversation (conversation_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- channel is a closed list until a channel addon widens it. unread_key is STORED: an indexed VIRTUAL column would keep every
-- later ADD COLUMN of this large table from being INSTANT.
CREATE TABLE IF NOT EXISTS conversations (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  channel       ENUM('email','whatsapp') NOT NULL,
  account_id    BIGINT NOT NULL,
  contact_id    BIGINT NOT NULL,
  external_key  VARCHAR(512) NOT NULL,
  status        BIGINT NOT NULL,
  unread        BIGINT NOT NULL,
  activity_at   BIGINT NOT NULL,
  window_from   BIGINT NOT NULL,
  read_at       BIGINT NOT NULL,
  unread_key    BIGINT AS (if(unread > 0, 1, NULL)) STORED,
  UNIQUE KEY conversations_by_contact (account_id, external_key),
  KEY conversations_by_activity (workspace_id, channel, status, activity_at, id),
  KEY conversations_unread (workspace_id, channel, status, unread_key, activity_at, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS messages (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  conversation_id BIGINT NOT NULL,
  direction     BIGINT NOT NULL,
  kind          BIGINT NOT NULL,
  status        BIGINT NOT NULL,
  flags         BIGINT NOT NULL,
  at            BIGINT NOT NULL,
  external_id   MEDIUMTEXT,
  external_hash BIGINT,
  text          MEDIUMTEXT,
  payload       MEDIUMTEXT,
  reply_to_id   MEDIUMTEXT,
  story_id      MEDIUMTEXT,
  story_url     MEDIUMTEXT,
  tag           MEDIUMTEXT,
  client_id     VARCHAR(190),
  author_id     BIGINT,
  edit_number   BIGINT NOT NULL,
  error_code    MEDIUMTEXT,
  error_text    MEDIUMTEXT,
  error_fix     MEDIUMTEXT,
  content       MEDIUMTEXT,
  KEY messages_by_time (conversation_id, at, id),
  KEY messages_by_external (conversation_id, external_hash),
  KEY messages_unsettled (conversation_id, status, id),
  UNIQUE KEY messages_by_client (conversation_id, client_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS attachments (
  message_id    BIGINT NOT NULL,
  position      BIGINT NOT NULL,
  workspace_id  BIGINT NOT NULL,
  type          BIGINT NOT NULL,
  url           MEDIUMTEXT,
  title         MEDIUMTEXT,
  external_id   MEDIUMTEXT,
  flags         BIGINT NOT NULL DEFAULT 0,
  details       MEDIUMTEXT,
  mime_type     MEDIUMTEXT,
  file_name     MEDIUMTEXT,
  sha256        MEDIUMTEXT,
  state         BIGINT NOT NULL DEFAULT 0,
  fault         MEDIUMTEXT,
  file_id       BIGINT,
  due_at        BIGINT,
  tries         BIGINT NOT NULL DEFAULT 0,
  media_id      MEDIUMTEXT,
  media_until   BIGINT,
  PRIMARY KEY (message_id, position),
  KEY attachments_due (due_at),
  KEY attachments_by_file (file_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS reactions (
  message_id    BIGINT NOT NULL,
  side          BIGINT NOT NULL,
  workspace_id  BIGINT NOT NULL,
  reaction      MEDIUMTEXT,
  emoji         MEDIUMTEXT,
  at            BIGINT NOT NULL,
  status        BIGINT NOT NULL DEFAULT 0,
  error_text    MEDIUMTEXT,
  PRIMARY KEY (message_id, side)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS outbox (
  message_id    BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  account_id    BIGINT NOT NULL,
  conversation_id BIGINT NOT NULL,
  text          MEDIUMTEXT NOT NULL,
  due_at        BIGINT NOT NULL,
  tries         BIGINT NOT NULL,
  claimed_at    BIGINT NOT NULL,
  parks         BIGINT NOT NULL DEFAULT 0,
  claimed_by    VARCHAR(32),
  KEY outbox_claimed (claimed_at),
  KEY outbox_by_due (account_id, due_at),
  KEY outbox_next (due_at, account_id),
  KEY outbox_by_conversation (conversation_id, message_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS webhook_bodies (
  id            BIGINT NOT NULL PRIMARY KEY,
  channel       MEDIUMTEXT NOT NULL,
  received_at   BIGINT NOT NULL,
  body          LONGBLOB NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS webhook_events (
  id            BIGINT NOT NULL PRIMARY KEY,
  body_id       BIGINT NOT NULL,
  workspace_id  BIGINT,
  account_id    BIGINT,
  state         BIGINT NOT NULL,
  reason        MEDIUMTEXT,
  digest        BIGINT,
  KEY webhook_events_by_workspace (workspace_id, id),
  KEY webhook_events_by_state (workspace_id, state, id),
  KEY webhook_events_by_digest (digest),
  KEY webhook_events_by_body (body_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS changes (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  kind          BIGINT NOT NULL,
  subject_id    BIGINT NOT NULL,
  conversation_id BIGINT NOT NULL,
  at            BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS settings (
  name          VARCHAR(190) NOT NULL PRIMARY KEY,
  value         MEDIUMTEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS files (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  sha256        VARCHAR(64) NOT NULL,
  bytes         BIGINT NOT NULL,
  mime_type     MEDIUMTEXT NOT NULL,
  width         BIGINT NOT NULL,
  height        BIGINT NOT NULL,
  has_preview   BIGINT NOT NULL,
  is_mono       BIGINT NOT NULL,
  created_at    BIGINT NOT NULL,
  UNIQUE KEY files_by_hash (workspace_id, sha256)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS uploads (
  id            BIGINT NOT NULL PRIMARY KEY,
  workspace_id  BIGINT NOT NULL,
  file_id       BIGINT NOT NULL,
  user_id       BIGINT NOT NULL,
  name          MEDIUMTEXT NOT NULL,
  created_at    BIGINT NOT NULL,
  KEY uploads_by_workspace (workspace_id, id),
  KEY uploads_by_file (file_id),
  KEY uploads_by_age (created_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS templates (
  account_id    BIGINT NOT NULL,
  name          VARCHAR(512) NOT NULL,
  language      VARCHAR(64) NOT NULL,
  workspace_id  BIGINT NOT NULL,
  is_usable     BIGINT NOT NULL,
  content       MEDIUMTEXT NOT NULL,
  fetched_at    BIGINT NOT NULL,
  PRIMARY KEY (account_id, name, language)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Words of messages and contacts: a row a distinct word, instead of FTS5; FULLTEXT has a least length of words and words that it
-- leaves out. id is the message's, or minus the conversation's for its contact. The collation folds case and accents. A word's
-- first 64 characters count.
CREATE TABLE IF NOT EXISTS message_words (
  workspace_id  BIGINT NOT NULL,
  word          VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_nopad_ci NOT NULL,
  id            BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, word, id),
  KEY message_words_by_id (workspace_id, id, word)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS message_words_dirty (
  message_id    BIGINT NOT NULL PRIMARY KEY
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- What follows is on engines that serve several servers only.

-- The one row that every write transaction begins with, locked, and ends with: writers go one after the other, in the whole
-- instance, and its number is the next id of any table.
CREATE TABLE IF NOT EXISTS writing (
  id            BIGINT NOT NULL PRIMARY KEY,
  next_id       BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- How often each server committed: who lost the connection during a COMMIT reads here whether it happened.
CREATE TABLE IF NOT EXISTS writers (
  server        VARCHAR(32) NOT NULL PRIMARY KEY,
  commits       BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Servers that run. beat moves while one lives; others watch it by their own clocks.
CREATE TABLE IF NOT EXISTS servers (
  id            VARCHAR(32) NOT NULL PRIMARY KEY,
  beat          BIGINT NOT NULL,
  started_at    BIGINT NOT NULL,
  version       MEDIUMTEXT NOT NULL,
  address       MEDIUMTEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Who does a duty. term rises with each holder.
CREATE TABLE IF NOT EXISTS leases (
  name          VARCHAR(190) NOT NULL PRIMARY KEY,
  server        VARCHAR(32),
  term          BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Bytes of files, in pieces: the data directory is a cache here. part: 0 the file, 1 its preview. kept_at: on the first piece of
-- part 0, when somebody kept the file last; what no row of files speaks of goes a day later.
CREATE TABLE IF NOT EXISTS file_bytes (
  workspace_id  BIGINT NOT NULL,
  sha256        VARCHAR(64) NOT NULL,
  part          TINYINT NOT NULL,
  position      INT NOT NULL,
  kept_at       BIGINT NOT NULL,
  bytes         MEDIUMBLOB NOT NULL,
  PRIMARY KEY (workspace_id, sha256, part, position)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Addons as they were installed. position 0: the head, of what the others make together (src/addon/shelf.c); from 1: the zip.
CREATE TABLE IF NOT EXISTS addon_packages (
  package_hash  VARCHAR(64) NOT NULL,
  position      INT NOT NULL,
  bytes         MEDIUMBLOB NOT NULL,
  PRIMARY KEY (package_hash, position)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

INSERT IGNORE INTO writing (id, next_id) VALUES (1, 1);
