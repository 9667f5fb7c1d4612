-- Finding, acting on and keeping jobs.

-- What the search index has yet to take in: it follows these numbers in a file of its own. The newest row
-- stays, so that numbers only rise.
CREATE TABLE job_changes (
    change INTEGER PRIMARY KEY,
    job    INTEGER NOT NULL
) STRICT;
CREATE TRIGGER jobs_changed_new AFTER INSERT ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
-- The index knows final states, and all others as one.
CREATE TRIGGER jobs_changed_state AFTER UPDATE OF state ON jobs
    WHEN (OLD.finished_at IS NULL) <> (NEW.finished_at IS NULL) BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
CREATE TRIGGER jobs_changed_words AFTER UPDATE OF agent, priority, tags ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
CREATE TRIGGER jobs_changed_gone AFTER DELETE ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (OLD.seq);
END;
CREATE TRIGGER job_bodies_changed AFTER UPDATE OF payload ON job_bodies BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
