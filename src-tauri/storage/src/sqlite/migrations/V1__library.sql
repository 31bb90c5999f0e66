-- Times are nanoseconds since 1970. Texts named *_folded are in Unicode small letters, folded by the program.

-- One row: how often the library was committed to.
CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
);
INSERT INTO store (id, revision) VALUES (1, 0);

-- A character, as a small number that everything else refers to, and its row of the list as JSON.
-- `details` is null for a character whose history is there and whose row is not.
CREATE TABLE character (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER,
    details TEXT
);

-- What the list is filtered and sorted by: a projection of `character.details`, narrow enough to be read whole.
-- `written` is the store's revision that the row came with, so that a reader fetches only what it has not seen.
-- `classes` is a JSON array of names.
CREATE TABLE character_index (
    character INTEGER PRIMARY KEY REFERENCES character (row),
    written INTEGER NOT NULL,
    id TEXT NOT NULL,
    level INTEGER NOT NULL,
    last_changed INTEGER NOT NULL,
    campaign TEXT,
    name_folded TEXT NOT NULL,
    search_folded TEXT NOT NULL,
    classes TEXT NOT NULL
);
CREATE INDEX character_index_changed ON character_index (last_changed DESC, id);
CREATE INDEX character_index_written ON character_index (written);

-- A distinct document of a character. `base` is the content it is encoded against; a keyframe has none.
-- `data` stands last, so that following a chain does not read past the small columns.
CREATE TABLE content (
    row INTEGER PRIMARY KEY,
    character INTEGER NOT NULL REFERENCES character (row),
    rung INTEGER NOT NULL,
    base INTEGER REFERENCES content (row),
    codec INTEGER NOT NULL,
    length INTEGER NOT NULL,
    hash BLOB NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX content_hash ON content (character, hash);
CREATE UNIQUE INDEX content_rung ON content (character, rung);

-- A version: a capture that was not the same as the one before it.
CREATE TABLE version (
    row INTEGER PRIMARY KEY,
    character INTEGER NOT NULL REFERENCES character (row),
    id BLOB NOT NULL UNIQUE,
    number INTEGER NOT NULL,
    captured_at INTEGER NOT NULL,
    edited_at INTEGER,
    content INTEGER NOT NULL REFERENCES content (row),
    bytes INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    seen_last INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX version_history ON version (character, captured_at, id);
CREATE UNIQUE INDEX version_number ON version (character, number);

-- When a version was seen again.
CREATE TABLE sighting (
    character INTEGER NOT NULL REFERENCES character (row),
    at INTEGER NOT NULL,
    version INTEGER NOT NULL REFERENCES version (row),
    PRIMARY KEY (character, at, version)
) WITHOUT ROWID;
