-- What was done with the library: an entry is never changed and never taken away. `text` is its line of JSON, `hash` its place
-- in the chain.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    hash BLOB NOT NULL,
    checksum INTEGER
);
CREATE TRIGGER audit_added AFTER INSERT ON audit BEGIN
    UPDATE audit SET checksum = checksum(NEW.sequence, NEW.text, NEW.hash)
    WHERE sequence = NEW.sequence;
END;
CREATE TRIGGER audit_stays BEFORE UPDATE OF sequence, text, hash ON audit BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit log is never changed');
END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit log is never taken away');
END;

-- One row: how many entries there are, the hash of the last one, and the tree as far as the next one needs it.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    peaks BLOB NOT NULL,
    checksum INTEGER
);
CREATE TRIGGER audit_head_added AFTER INSERT ON audit_head BEGIN
    UPDATE audit_head SET checksum = checksum(NEW.id, NEW.size, NEW.hash, NEW.peaks)
    WHERE id = NEW.id;
END;
CREATE TRIGGER audit_head_changed AFTER UPDATE OF id, size, hash, peaks ON audit_head BEGIN
    UPDATE audit_head SET checksum = checksum(NEW.id, NEW.size, NEW.hash, NEW.peaks)
    WHERE id = NEW.id;
END;
INSERT INTO audit_head (id, size, hash, peaks) VALUES (1, 0, zeroblob(32), zeroblob(0));
