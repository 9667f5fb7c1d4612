-- What jobs read as their agents' settings when they first started, once for however many jobs.
CREATE TABLE pinned_settings (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),   -- BLAKE3 of the body
    body   TEXT NOT NULL               -- JSON: values by name
) STRICT, WITHOUT ROWID;

-- The digest of what a job reads; empty where it reads none, and nothing before it first starts.
ALTER TABLE jobs ADD COLUMN settings BLOB;
CREATE INDEX jobs_by_settings ON jobs (settings) WHERE settings <> x'';
