-- What each version changed, for blame, search and progress: derived, and made anew with what is told of the version.
-- `data` is JSON under zstd; `text` is the words that appeared, folded by the program.
CREATE TABLE trace (
    version INTEGER PRIMARY KEY REFERENCES version (row),
    data BLOB NOT NULL,
    text TEXT NOT NULL,
    checksum INTEGER
);
CREATE TRIGGER trace_added AFTER INSERT ON trace BEGIN
    UPDATE trace SET checksum = checksum(NEW.version, NEW.data, NEW.text) WHERE version = NEW.version;
    INSERT INTO word_index (rowid, text) VALUES (NEW.version, NEW.text);
END;
CREATE TRIGGER trace_changed AFTER UPDATE OF version, data, text ON trace BEGIN
    UPDATE trace SET checksum = checksum(NEW.version, NEW.data, NEW.text) WHERE version = NEW.version;
    INSERT INTO word_index (word_index, rowid, text) VALUES ('delete', OLD.version, OLD.text);
    INSERT INTO word_index (rowid, text) VALUES (NEW.version, NEW.text);
END;
CREATE TRIGGER trace_gone AFTER DELETE ON trace BEGIN
    INSERT INTO word_index (word_index, rowid, text) VALUES ('delete', OLD.version, OLD.text);
END;

-- The index of the words. A trace whose version goes, goes before it. Its name is no matter of taste: SQLite's own check passes
-- over part of the file where a virtual table happens to come first among the tables in memory, as one called `words` did. The
-- test that changes every byte finds that.
CREATE VIRTUAL TABLE word_index USING fts5 (text, content = 'trace', content_rowid = 'version', detail = 'none', prefix = '2 4');
-- What is taken out leaves no byte.
INSERT INTO word_index (word_index, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER version_gone BEFORE DELETE ON version BEGIN
    DELETE FROM trace WHERE version = OLD.row;
END;
