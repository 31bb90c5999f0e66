-- Encryption at rest. What the store says of its keys, in the clear, where it has any: nothing opens with it alone.
CREATE TABLE seal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    record TEXT NOT NULL,
    checksum INTEGER
);
CREATE TRIGGER seal_added AFTER INSERT ON seal BEGIN
    UPDATE seal SET checksum = checksum(NEW.id, NEW.record) WHERE id = NEW.id;
END;
CREATE TRIGGER seal_changed AFTER UPDATE OF id, record ON seal BEGIN
    UPDATE seal SET checksum = checksum(NEW.id, NEW.record) WHERE id = NEW.id;
END;

-- A character's own key, under a master key. When it goes, nothing of the character can be read any more, wherever its bytes
-- may still be. What is encrypted is a blob where text stands otherwise; in `content`, 256 is added to `codec`.
CREATE TABLE data_key (
    character INTEGER PRIMARY KEY REFERENCES character (row),
    key BLOB NOT NULL,
    checksum INTEGER
);
CREATE TRIGGER data_key_added AFTER INSERT ON data_key BEGIN
    UPDATE data_key SET checksum = checksum(NEW.character, NEW.key) WHERE character = NEW.character;
END;
CREATE TRIGGER data_key_changed AFTER UPDATE OF character, key ON data_key BEGIN
    UPDATE data_key SET checksum = checksum(NEW.character, NEW.key) WHERE character = NEW.character;
END;
