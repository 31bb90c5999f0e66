-- The index of words keeps the texts itself: what SQLite checks of an index that leans on another table is only whether it is
-- whole, not whether it says what the texts say.
DROP TRIGGER trace_added;
DROP TRIGGER trace_changed;
DROP TRIGGER trace_gone;
DROP TABLE word_index;
CREATE VIRTUAL TABLE word_index USING fts5 (text, detail = 'none', prefix = '2 4', columnsize = 0);
-- What is taken out leaves no byte.
INSERT INTO word_index (word_index, rank) VALUES ('secure-delete', 1);
INSERT INTO word_index (rowid, text) SELECT version, text FROM trace;

ALTER TABLE trace DROP COLUMN text;
UPDATE trace SET checksum = checksum(version, data);
CREATE TRIGGER trace_added AFTER INSERT ON trace BEGIN
    UPDATE trace SET checksum = checksum(NEW.version, NEW.data) WHERE version = NEW.version;
END;
CREATE TRIGGER trace_changed AFTER UPDATE OF version, data ON trace BEGIN
    UPDATE trace SET checksum = checksum(NEW.version, NEW.data) WHERE version = NEW.version;
END;
CREATE TRIGGER trace_gone AFTER DELETE ON trace BEGIN
    DELETE FROM word_index WHERE rowid = OLD.version;
END;
