-- Since when a flight goes on is kept with the week's hours of use, so that a hold and its settlement
-- write one page for it.
ALTER TABLE week_use ADD COLUMN flight INTEGER; -- on one row of an upstream at most

UPDATE week_use SET flight = (SELECT value FROM meta WHERE key = 'flight_since:' || week_use.upstream)
    WHERE start = (SELECT max(start) FROM week_use AS newest WHERE newest.upstream = week_use.upstream);
INSERT INTO week_use (upstream, start, micros, flight)
    SELECT substr(key, length('flight_since:') + 1), 0, 0, value FROM meta
    WHERE key IN ('flight_since:live', 'flight_since:simulated')
    AND substr(key, length('flight_since:') + 1) NOT IN (SELECT upstream FROM week_use);
DELETE FROM meta WHERE key IN ('flight_since:live', 'flight_since:simulated');

-- What is held is summed up from the few entries whose calls are under way, so that a hold moves no sum.
ALTER TABLE spend DROP COLUMN held;

-- Found by upstream, in the order of time, as the others.
DROP INDEX calls_open;
CREATE INDEX calls_open ON calls (upstream, held_at) WHERE state = 'held';
