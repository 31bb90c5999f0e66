-- Run as `backstory_owner`, like what was made before.

-- Small texts that the program keeps for its users, for each of them their own. `value` is JSON; none: it was taken away.
CREATE TABLE setting (
    owner text COLLATE "C" NOT NULL DEFAULT current_user,
    key text COLLATE "C" NOT NULL,
    value text,
    revision bigint NOT NULL,
    checksum bytea
);
CREATE UNIQUE INDEX setting_key ON setting (md5(owner), key);
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON setting FOR EACH ROW EXECUTE FUNCTION set_checksum();

ALTER TABLE setting ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON setting TO backstory_user USING (owner = current_user);
-- Who looks after the library checks every row of it.
CREATE POLICY check_all ON setting FOR SELECT TO backstory_user USING (
    (SELECT pg_has_role(current_user, 'backstory_admin', 'member')));
GRANT SELECT, INSERT, UPDATE ON setting TO backstory_user;
