-- oldest: 3
-- What engines that serve several servers need, and ids that are not dense (a database may have been copied from such an engine).

-- SQLite serves one server: nobody else reads this.
ALTER TABLE outbox ADD COLUMN claimed_by TEXT;                            -- the server (store_server) that claimed it; NULL: free

-- Which webhook bodies a deleted workspace leaves alone: ids of one body's events need not lie together any more.
CREATE INDEX webhook_events_by_body ON webhook_events(body_id);

-- Up to which id changes were dropped for their age. Up to now their ids were dense.
INSERT INTO settings (name, value) SELECT 'changes.trimmed_to', id - 1 FROM changes ORDER BY id LIMIT 1;

-- The list shows unread ones of one status: those of the other, which may be many, must not be walked for it.
DROP INDEX conversations_unread;
CREATE INDEX conversations_unread ON conversations(workspace_id, channel, status, activity_at, id, unread) WHERE unread > 0;
