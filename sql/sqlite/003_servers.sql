-- oldest: 3
-- What an engine that serves several servers needs. SQLite serves one: there the column is written and nobody else reads it.

ALTER TABLE outbox ADD COLUMN claimed_by TEXT;                            -- the server (store_server) that claimed it; NULL: free
