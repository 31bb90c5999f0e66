-- Run as `backstory_owner`, like what was made before.

-- What each version changed, for blame, search and progress: derived, and made anew with what is told of the version. It
-- tells what stands in a document, so it is guarded like one and not like the history. `words` are the words that appeared,
-- folded by the program.
CREATE TABLE trace (
    character_id text COLLATE "C" NOT NULL,
    version uuid NOT NULL,
    data text NOT NULL,
    words tsvector NOT NULL,
    checksum bytea,
    PRIMARY KEY (character_id, version)
);
CREATE INDEX trace_words ON trace USING gin (words);
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON trace FOR EACH ROW EXECUTE FUNCTION set_checksum();

ALTER TABLE trace ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON trace FOR SELECT TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role <> 'viewer'))
));
CREATE POLICY capture ON trace FOR INSERT TO backstory_user WITH CHECK (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));
CREATE POLICY change ON trace FOR UPDATE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));
CREATE POLICY erase ON trace FOR DELETE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member')))
));
GRANT SELECT, INSERT, UPDATE, DELETE ON trace TO backstory_user;
