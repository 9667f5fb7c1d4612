-- Files that jobs are submitted with. The same bytes are kept once, for all jobs that came with them, in pieces: nobody
-- needs to have a whole one in memory to write it.
CREATE TABLE input_files (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    size   INTEGER NOT NULL
) STRICT;

CREATE TABLE input_pieces (
    file  INTEGER NOT NULL REFERENCES input_files (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (file, place)
) STRICT;

CREATE TABLE job_inputs (
    job        INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    file       INTEGER NOT NULL REFERENCES input_files (id),
    PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_inputs_by_file ON job_inputs (file);

-- A file goes with the last job that came with it.
CREATE TRIGGER input_files_gone AFTER DELETE ON job_inputs
WHEN NOT EXISTS (SELECT 1 FROM job_inputs WHERE file = OLD.file) BEGIN
    DELETE FROM input_files WHERE id = OLD.file;
END;

-- How many it came with: who reads a job without any looks no further.
ALTER TABLE jobs ADD COLUMN inputs INTEGER NOT NULL DEFAULT 0;
