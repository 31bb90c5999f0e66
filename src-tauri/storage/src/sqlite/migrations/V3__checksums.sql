-- Every row knows whether it is what was written: `checksum` is made of all its other columns by the program's own function
-- of that name (sqlite/checksum.rs), in the statement that writes the row. Documents have their hashes.

ALTER TABLE store ADD COLUMN checksum INTEGER;
UPDATE store SET checksum = checksum(id, revision);
CREATE TRIGGER store_added AFTER INSERT ON store BEGIN
    UPDATE store SET checksum = checksum(NEW.id, NEW.revision)
    WHERE id = NEW.id;
END;
CREATE TRIGGER store_changed AFTER UPDATE OF id, revision ON store BEGIN
    UPDATE store SET checksum = checksum(NEW.id, NEW.revision)
    WHERE id = NEW.id;
END;

ALTER TABLE character ADD COLUMN checksum INTEGER;
UPDATE character SET checksum = checksum(row, id, revision, details, written);
CREATE TRIGGER character_added AFTER INSERT ON character BEGIN
    UPDATE character SET checksum = checksum(NEW.row, NEW.id, NEW.revision, NEW.details, NEW.written)
    WHERE row = NEW.row;
END;
CREATE TRIGGER character_changed AFTER UPDATE OF row, id, revision, details, written ON character BEGIN
    UPDATE character SET checksum = checksum(NEW.row, NEW.id, NEW.revision, NEW.details, NEW.written)
    WHERE row = NEW.row;
END;

ALTER TABLE character_index ADD COLUMN checksum INTEGER;
UPDATE character_index SET checksum = checksum(character, written, id, level, last_changed, campaign, name_folded, search_folded, classes, owner, deleted);
CREATE TRIGGER character_index_added AFTER INSERT ON character_index BEGIN
    UPDATE character_index SET checksum = checksum(
        NEW.character, NEW.written, NEW.id, NEW.level, NEW.last_changed, NEW.campaign, NEW.name_folded, NEW.search_folded, NEW.classes, NEW.owner, NEW.deleted)
    WHERE character = NEW.character;
END;
CREATE TRIGGER character_index_changed AFTER UPDATE OF character, written, id, level, last_changed, campaign, name_folded, search_folded, classes, owner, deleted ON character_index BEGIN
    UPDATE character_index SET checksum = checksum(
        NEW.character, NEW.written, NEW.id, NEW.level, NEW.last_changed, NEW.campaign, NEW.name_folded, NEW.search_folded, NEW.classes, NEW.owner, NEW.deleted)
    WHERE character = NEW.character;
END;

ALTER TABLE version ADD COLUMN checksum INTEGER;
UPDATE version SET checksum = checksum(row, character, id, number, captured_at, edited_at, content, bytes, kind, seen_last, seen_count, details, archived);
CREATE TRIGGER version_added AFTER INSERT ON version BEGIN
    UPDATE version SET checksum = checksum(
        NEW.row, NEW.character, NEW.id, NEW.number, NEW.captured_at, NEW.edited_at, NEW.content, NEW.bytes, NEW.kind, NEW.seen_last, NEW.seen_count, NEW.details, NEW.archived)
    WHERE row = NEW.row;
END;
CREATE TRIGGER version_changed AFTER UPDATE OF row, character, id, number, captured_at, edited_at, content, bytes, kind, seen_last, seen_count, details, archived ON version BEGIN
    UPDATE version SET checksum = checksum(
        NEW.row, NEW.character, NEW.id, NEW.number, NEW.captured_at, NEW.edited_at, NEW.content, NEW.bytes, NEW.kind, NEW.seen_last, NEW.seen_count, NEW.details, NEW.archived)
    WHERE row = NEW.row;
END;

ALTER TABLE sighting ADD COLUMN checksum INTEGER;
UPDATE sighting SET checksum = checksum(character, at, version);
CREATE TRIGGER sighting_added AFTER INSERT ON sighting BEGIN
    UPDATE sighting SET checksum = checksum(NEW.character, NEW.at, NEW.version)
    WHERE character = NEW.character AND at = NEW.at AND version = NEW.version;
END;
CREATE TRIGGER sighting_changed AFTER UPDATE OF character, at, version ON sighting BEGIN
    UPDATE sighting SET checksum = checksum(NEW.character, NEW.at, NEW.version)
    WHERE character = NEW.character AND at = NEW.at AND version = NEW.version;
END;

ALTER TABLE tombstone ADD COLUMN checksum INTEGER;
UPDATE tombstone SET checksum = checksum(id, character, written);
CREATE TRIGGER tombstone_added AFTER INSERT ON tombstone BEGIN
    UPDATE tombstone SET checksum = checksum(NEW.id, NEW.character, NEW.written)
    WHERE id = NEW.id;
END;
CREATE TRIGGER tombstone_changed AFTER UPDATE OF id, character, written ON tombstone BEGIN
    UPDATE tombstone SET checksum = checksum(NEW.id, NEW.character, NEW.written)
    WHERE id = NEW.id;
END;

ALTER TABLE member ADD COLUMN checksum INTEGER;
UPDATE member SET checksum = checksum(campaign, user, role);
CREATE TRIGGER member_added AFTER INSERT ON member BEGIN
    UPDATE member SET checksum = checksum(NEW.campaign, NEW.user, NEW.role)
    WHERE campaign = NEW.campaign AND user = NEW.user;
END;
CREATE TRIGGER member_changed AFTER UPDATE OF campaign, user, role ON member BEGIN
    UPDATE member SET checksum = checksum(NEW.campaign, NEW.user, NEW.role)
    WHERE campaign = NEW.campaign AND user = NEW.user;
END;
