-- Jobs that a job has other agents do. They make a tree; the job that makes another is its lead.

-- The lead's place; a lead that is taken out takes all that it leads along.
ALTER TABLE jobs ADD COLUMN lead INTEGER REFERENCES jobs (seq) ON DELETE CASCADE;
-- The place of the tree's root; nothing where it is led by nobody.
ALTER TABLE jobs ADD COLUMN root INTEGER;
-- How many jobs stand above it.
ALTER TABLE jobs ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
-- How many jobs it has made.
ALTER TABLE jobs ADD COLUMN leads INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_by_lead ON jobs (lead, seq) WHERE lead IS NOT NULL;
CREATE INDEX jobs_by_root ON jobs (root, seq) WHERE root IS NOT NULL;

-- By what a lead finds a job again that it has made: its own request, and how many equal ones were before.
CREATE TABLE tasks (
    lead         INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    occurrence   INTEGER NOT NULL,
    job          INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    waits        INTEGER NOT NULL DEFAULT 0, -- the lead is parked until it has ended
    again        INTEGER NOT NULL DEFAULT 0, -- it is run again where the lead asks for it once more
    PRIMARY KEY (lead, request_hash, occurrence)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_job ON tasks (job);

-- Unfinished jobs that are led: their tree has its root's place in the queue.
CREATE TABLE led_counts (
    upstream TEXT NOT NULL PRIMARY KEY,
    jobs     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO led_counts VALUES ('live', 0), ('simulated', 0);
CREATE TRIGGER led_count_new AFTER UPDATE OF lead ON jobs
    WHEN OLD.lead IS NULL AND NEW.lead IS NOT NULL AND NEW.finished_at IS NULL BEGIN
    UPDATE led_counts SET jobs = jobs + 1 WHERE upstream = NEW.upstream;
END;
CREATE TRIGGER led_count_move AFTER UPDATE OF finished_at ON jobs
    WHEN NEW.lead IS NOT NULL AND (OLD.finished_at IS NULL) <> (NEW.finished_at IS NULL) BEGIN
    UPDATE led_counts SET jobs = jobs + iif(NEW.finished_at IS NULL, 1, -1) WHERE upstream = NEW.upstream;
END;
CREATE TRIGGER led_count_gone AFTER DELETE ON jobs
    WHEN OLD.lead IS NOT NULL AND OLD.finished_at IS NULL BEGIN
    UPDATE led_counts SET jobs = jobs - 1 WHERE upstream = OLD.upstream;
END;
