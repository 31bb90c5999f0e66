-- Owners, the bin, the archive area, campaigns and the change feed.

-- The store's revision that the last write to the character came with.
ALTER TABLE character ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
UPDATE character SET written = coalesce(
    (SELECT i.written FROM character_index AS i WHERE i.character = character.row), (SELECT revision FROM store));
CREATE INDEX character_written ON character (written, id);

-- A character that was erased: its id, the row it had, and when; nothing else of it.
CREATE TABLE tombstone (
    id TEXT PRIMARY KEY,
    character INTEGER NOT NULL,
    written INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tombstone_written ON tombstone (written, id);

ALTER TABLE character_index ADD COLUMN owner TEXT;
ALTER TABLE character_index ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
-- The plain first page, which does not wait for the list in memory.
DROP INDEX character_index_changed;
CREATE INDEX character_index_changed ON character_index (deleted, last_changed DESC, id);

CREATE TABLE member (
    campaign TEXT NOT NULL,
    user TEXT NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (campaign, user)
) WITHOUT ROWID;

ALTER TABLE version ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
-- Which versions have a document.
CREATE INDEX version_content ON version (content);

-- The archive area: the bytes of documents that only archived versions have. Their row in `content` then holds none.
CREATE TABLE archive (
    content INTEGER PRIMARY KEY REFERENCES content (row),
    data BLOB NOT NULL
);

-- What leans on a document, for when it goes.
CREATE INDEX content_base ON content (base) WHERE base IS NOT NULL;
