-- Run as `backstory_owner`, like what was made before.

-- The policies show the owner of the tables nothing, and what follows goes through every row.
ALTER TABLE store NO FORCE ROW LEVEL SECURITY;
ALTER TABLE character NO FORCE ROW LEVEL SECURITY;
ALTER TABLE content NO FORCE ROW LEVEL SECURITY;
ALTER TABLE version NO FORCE ROW LEVEL SECURITY;
ALTER TABLE sighting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tombstone NO FORCE ROW LEVEL SECURITY;
ALTER TABLE member NO FORCE ROW LEVEL SECURITY;

-- The archive area: the bytes of documents that only archived versions have. Their row in `content` then holds none.
CREATE TABLE archive (
    character_id text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (character_id, hash),
    FOREIGN KEY (character_id, hash) REFERENCES content (character_id, hash)
);
ALTER TABLE archive ALTER COLUMN data SET STORAGE EXTERNAL;

-- Part of `details`, where only the version itself can have a key of this name; a quote inside a text is escaped there.
ALTER TABLE version ADD COLUMN archived boolean NOT NULL DEFAULT false;
UPDATE version SET archived = true WHERE position('"archived":true' in details) > 0;

INSERT INTO archive (character_id, hash, data)
    SELECT c.character_id, c.hash, c.data FROM content AS c
    WHERE (SELECT bool_and(v.archived) FROM version AS v WHERE v.character_id = c.character_id AND v.content = c.hash);
UPDATE content AS c SET data = '' FROM archive AS a WHERE a.character_id = c.character_id AND a.hash = c.hash;

-- A checksum for each row, so that a bit that flips on a disk is found. It is no seal against people: whoever may change a
-- row gets the right one with the change. The bytes of a document are left out, since they have their hash.
ALTER TABLE store ADD COLUMN checksum bytea;
ALTER TABLE character ADD COLUMN checksum bytea;
ALTER TABLE content ADD COLUMN checksum bytea;
ALTER TABLE version ADD COLUMN checksum bytea;
ALTER TABLE sighting ADD COLUMN checksum bytea;
ALTER TABLE tombstone ADD COLUMN checksum bytea;
ALTER TABLE member ADD COLUMN checksum bytea;

-- Takes whatever bytes a text turned into: md5 does, while what converts texts refuses some.
CREATE FUNCTION checksum_of(fields jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT decode(md5((fields - 'checksum')::text), 'hex') $$;

CREATE FUNCTION checksum_of_content(of_character text, hash bytea, rung bigint, base bigint, codec smallint, length bigint)
RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT decode(md5(jsonb_build_array(of_character, encode(hash, 'hex'), rung, base, codec, length)::text), 'hex')
$$;

-- A row that is written whole says so by having no checksum, and gets its own. Where only a part of it changes and the rest
-- is damaged already, it stays known as damaged.
CREATE FUNCTION set_checksum() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex'
AS $$
BEGIN
    IF NEW.checksum IS NULL OR (TG_OP = 'UPDATE' AND OLD.checksum = backstory.checksum_of(to_jsonb(OLD))) THEN
        NEW.checksum := backstory.checksum_of(to_jsonb(NEW));
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION set_content_checksum() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.checksum IS NULL OR (TG_OP = 'UPDATE' AND OLD.checksum = backstory.checksum_of_content(
        OLD.character_id, OLD.hash, OLD.rung, OLD.base, OLD.codec, OLD.length))
    THEN
        NEW.checksum := backstory.checksum_of_content(
            NEW.character_id, NEW.hash, NEW.rung, NEW.base, NEW.codec, NEW.length);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON store FOR EACH ROW EXECUTE FUNCTION set_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON character FOR EACH ROW EXECUTE FUNCTION set_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON content FOR EACH ROW EXECUTE FUNCTION set_content_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON version FOR EACH ROW EXECUTE FUNCTION set_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON sighting FOR EACH ROW EXECUTE FUNCTION set_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON tombstone FOR EACH ROW EXECUTE FUNCTION set_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON member FOR EACH ROW EXECUTE FUNCTION set_checksum();

-- What is there already is taken as it is.
UPDATE store SET checksum = NULL;
UPDATE character SET checksum = NULL;
UPDATE content SET checksum = NULL;
UPDATE version SET checksum = NULL;
UPDATE sighting SET checksum = NULL;
UPDATE tombstone SET checksum = NULL;
UPDATE member SET checksum = NULL;

-- Whoever may open a document may open it in the archive; only an owner moves it there and back.
ALTER TABLE archive ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON archive FOR SELECT TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role <> 'viewer'))
));
CREATE POLICY keep ON archive TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member')))
));

ALTER TABLE store FORCE ROW LEVEL SECURITY;
ALTER TABLE character FORCE ROW LEVEL SECURITY;
ALTER TABLE content FORCE ROW LEVEL SECURITY;
ALTER TABLE version FORCE ROW LEVEL SECURITY;
ALTER TABLE sighting FORCE ROW LEVEL SECURITY;
ALTER TABLE tombstone FORCE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;

REVOKE ALL ON FUNCTION checksum_of(jsonb), checksum_of_content(text, bytea, bigint, bigint, smallint, bigint),
    set_checksum(), set_content_checksum() FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON archive TO backstory_user;
GRANT EXECUTE ON FUNCTION checksum_of(jsonb), checksum_of_content(text, bytea, bigint, bigint, smallint, bigint)
    TO backstory_user;
