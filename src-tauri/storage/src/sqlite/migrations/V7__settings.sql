-- Small texts that the program keeps for itself in the library. `value` is JSON; none: the setting was taken away.
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT,
    revision INTEGER NOT NULL,
    checksum INTEGER
) WITHOUT ROWID;
CREATE TRIGGER setting_added AFTER INSERT ON setting BEGIN
    UPDATE setting SET checksum = checksum(NEW.key, NEW.value, NEW.revision) WHERE key = NEW.key;
END;
CREATE TRIGGER setting_changed AFTER UPDATE OF key, value, revision ON setting BEGIN
    UPDATE setting SET checksum = checksum(NEW.key, NEW.value, NEW.revision) WHERE key = NEW.key;
END;
