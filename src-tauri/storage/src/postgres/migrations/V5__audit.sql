-- Run as `backstory_owner`, like what was made before.

-- What was done with the library. An entry is never changed and never taken away, and only `append_audit` adds one: `line` is
-- its line of JSON, `hash` its place in the chain. `actor` did it, `owner` is whose character it is about; both may read it.
CREATE TABLE audit (
    sequence bigint PRIMARY KEY,
    actor text COLLATE "C" NOT NULL,
    owner text COLLATE "C",
    line text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    checksum bytea
);

-- One row: how many entries there are, the hash of the last one, and the tree as far as the next one needs it.
CREATE TABLE audit_head (
    id smallint PRIMARY KEY CHECK (id = 1),
    size bigint NOT NULL,
    hash bytea NOT NULL,
    peaks bytea NOT NULL,
    checksum bytea
);
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION set_checksum();
CREATE TRIGGER set_checksum BEFORE INSERT OR UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION set_checksum();
INSERT INTO audit_head (id, size, hash, peaks) VALUES (1, 0, decode(repeat('00', 32), 'hex'), '');

CREATE FUNCTION keep_audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'an entry of the audit log is never changed and never taken away'
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

-- Numbers and chains entries behind those there are, under the lock of the row that says where the log ends. Only somebody who
-- may act as `caller` adds entries in that name.
CREATE FUNCTION append_audit(caller name, notes text[], owners text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    head backstory.audit_head;
    noted text;
    top bytea;
    below bigint;
BEGIN
    IF NOT pg_has_role(session_user, caller, 'member') THEN
        RAISE EXCEPTION 'nobody adds to the log in the name of another' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO head FROM backstory.audit_head FOR UPDATE;
    FOR n IN 1 .. cardinality(notes) LOOP
        noted := '{"sequence":' || (head.size + 1)::text || ',' || substr(notes[n], 2);
        top := sha256(decode('00', 'hex') || convert_to(noted, 'UTF8'));
        head.hash := sha256(decode('02', 'hex') || head.hash || top);
        below := head.size;
        WHILE below % 2 = 1 LOOP
            top := sha256(decode('01', 'hex') || substr(head.peaks, length(head.peaks) - 31) || top);
            head.peaks := substr(head.peaks, 1, length(head.peaks) - 32);
            below := below / 2;
        END LOOP;
        head.peaks := head.peaks || top;
        head.size := head.size + 1;
        INSERT INTO backstory.audit (sequence, actor, owner, line, hash)
            VALUES (head.size, caller::text, owners[n], noted, head.hash);
    END LOOP;
    UPDATE backstory.audit_head SET size = head.size, hash = head.hash, peaks = head.peaks;
END
$$;

-- The hashes of all entries, which tell nobody what is in them: so that everybody can verify the whole log.
CREATE FUNCTION audit_chain(behind bigint, most integer) RETURNS TABLE (sequence bigint, leaf bytea, hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.sequence, sha256(decode('00', 'hex') || convert_to(a.line, 'UTF8')), a.hash
    FROM backstory.audit AS a WHERE a.sequence > behind ORDER BY a.sequence LIMIT most
$$;

ALTER TABLE audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY upkeep ON audit TO backstory_owner USING (true);
CREATE POLICY upkeep ON audit_head TO backstory_owner USING (true);
CREATE POLICY read ON audit_head FOR SELECT TO backstory_user USING (true);
CREATE POLICY read ON audit FOR SELECT TO backstory_user USING (
    actor = current_user OR owner = current_user
    OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
);
REVOKE ALL ON FUNCTION keep_audit(), append_audit(name, text[], text[]), audit_chain(bigint, integer) FROM PUBLIC;
GRANT SELECT ON audit, audit_head TO backstory_user;
GRANT EXECUTE ON FUNCTION append_audit(name, text[], text[]), audit_chain(bigint, integer) TO backstory_user;
