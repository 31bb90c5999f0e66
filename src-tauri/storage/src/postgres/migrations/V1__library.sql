-- Run as `backstory_owner`, with `backstory` as the schema everything is made in.
--
-- Times are nanoseconds since 1970. Texts named *_folded are in Unicode small letters, folded by the program. In text
-- columns the four lowest control characters are escaped by the program, since PostgreSQL keeps no zero byte in a text.
--
-- Every key begins with the character, so that the tables can be spread over servers by it.

-- One row: how often the library was committed to.
CREATE TABLE store (
    id smallint PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL
);
INSERT INTO store (id, revision) VALUES (1, 0);

-- A character and its row of the list. `details` is the row itself, as JSON in the program's own form; what the list is
-- filtered and sorted by, and `sheet`, are projections of it. `details` is null for a character whose history is there
-- and whose row is not. `written` is the store's revision that the row came with.
-- `owner` decides who may do what. `owner_named` says whether the row names its owner, or leaves it to who wrote it.
CREATE TABLE character (
    id text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" NOT NULL DEFAULT current_user,
    owner_named boolean NOT NULL DEFAULT false,
    revision bigint,
    written bigint NOT NULL DEFAULT 0,
    deleted_at bigint,
    level bigint NOT NULL DEFAULT 0,
    last_changed bigint NOT NULL DEFAULT 0,
    campaign text COLLATE "C",
    name_folded text COLLATE "C" NOT NULL DEFAULT '',
    search_folded text COLLATE "C" NOT NULL DEFAULT '',
    classes text[] COLLATE "C" NOT NULL DEFAULT '{}',
    classes_folded text[] COLLATE "C" NOT NULL DEFAULT '{}',
    details text COLLATE "C",
    sheet jsonb
);
CREATE INDEX character_changed ON character (last_changed DESC, id) WHERE details IS NOT NULL;
CREATE INDEX character_written ON character (written);
CREATE INDEX character_sheet ON character USING gin (sheet jsonb_path_ops);

-- A distinct document of a character. `base` is the rung it is encoded against; a keyframe has none.
CREATE TABLE content (
    character_id text COLLATE "C" NOT NULL REFERENCES character (id),
    hash bytea NOT NULL,
    rung bigint NOT NULL,
    base bigint CHECK (base < rung),
    codec smallint NOT NULL,
    length bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (character_id, hash),
    UNIQUE (character_id, rung)
);
-- It is compressed already.
ALTER TABLE content ALTER COLUMN data SET STORAGE EXTERNAL;

-- A version: a capture that was not the same as the one before it. A partition for each month it may have been captured in;
-- what is older or later than those lies in the last one.
CREATE TABLE version (
    character_id text COLLATE "C" NOT NULL REFERENCES character (id),
    id uuid NOT NULL,
    number bigint NOT NULL,
    captured_at bigint NOT NULL,
    kind smallint NOT NULL,
    content bytea NOT NULL,
    seen_last bigint NOT NULL,
    seen_count bigint NOT NULL,
    details text COLLATE "C" NOT NULL,
    PRIMARY KEY (character_id, captured_at, id),
    FOREIGN KEY (character_id, content) REFERENCES content (character_id, hash)
) PARTITION BY RANGE (captured_at);
CREATE INDEX version_id ON version (id);
CREATE INDEX version_number ON version (character_id, number);
CREATE INDEX version_content ON version (character_id, content);
CREATE TABLE version_other PARTITION OF version DEFAULT;

-- When a version was seen again.
CREATE TABLE sighting (
    character_id text COLLATE "C" NOT NULL REFERENCES character (id),
    at bigint NOT NULL,
    version uuid NOT NULL,
    PRIMARY KEY (character_id, at, version)
);
CREATE INDEX sighting_version ON sighting (character_id, version);

-- A character that was erased: its id, for those who follow the changes, and whom to tell.
CREATE TABLE tombstone (
    id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    campaign text COLLATE "C",
    revision bigint NOT NULL
);
CREATE UNIQUE INDEX tombstone_id ON tombstone (id, md5(owner));
CREATE INDEX tombstone_revision ON tombstone (revision);

-- Who has which place in which campaign. A campaign's name may be longer than an index takes.
CREATE TABLE member (
    campaign text COLLATE "C" NOT NULL,
    user_name text COLLATE "C" NOT NULL,
    role text NOT NULL CHECK (role IN ('dungeon_master', 'player', 'viewer'))
);
CREATE UNIQUE INDEX member_place ON member (md5(campaign), md5(user_name));
CREATE INDEX member_user ON member (md5(user_name));

-- What campaigns share with somebody: the owners of the characters in them, and what the asking one is there.
-- Only somebody who may act as `caller` is answered.
CREATE FUNCTION shared_with(caller name) RETURNS TABLE (campaign text, owner text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 20
AS $$
    SELECT theirs.campaign, theirs.user_name, mine.role
    FROM backstory.member AS mine
    JOIN backstory.member AS theirs
        ON md5(theirs.campaign) = md5(mine.campaign) AND theirs.campaign = mine.campaign
    WHERE md5(mine.user_name) = md5(caller::text) AND mine.user_name = caller::text
        AND pg_has_role(session_user, caller, 'member')
$$;

-- The campaigns somebody has a place in.
CREATE FUNCTION campaigns_of(caller name) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 5
AS $$
    SELECT campaign FROM backstory.member
    WHERE md5(user_name) = md5(caller::text) AND user_name = caller::text
        AND pg_has_role(session_user, caller, 'member')
$$;

-- Counts a commit, and tells everybody who listens once it is done.
CREATE FUNCTION next_revision() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counted bigint;
BEGIN
    UPDATE backstory.store SET revision = revision + 1 RETURNING revision INTO counted;
    PERFORM pg_notify('backstory_changed', counted::text);
    RETURN counted;
END
$$;

-- The months, from so many before this one to so many after it, that have no partition yet: their first days.
CREATE FUNCTION missing_months(before integer, after integer) RETURNS SETOF date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT month::date
    FROM generate_series(
        date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => least(before, 120)),
        date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => least(after, 120)),
        '1 month'
    ) AS month
    WHERE to_regclass('backstory.version_' || to_char(month, 'YYYY_MM')) IS NULL
$$;

-- Makes the partitions of those months; what was captured in one of them and lies elsewhere moves there. Says how many.
CREATE FUNCTION make_months(before integer, after integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    month date;
    name text;
    starts bigint;
    ends bigint;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(4777001, 1);
    FOR month IN SELECT * FROM backstory.missing_months(before, after) LOOP
        name := 'version_' || to_char(month, 'YYYY_MM');
        starts := extract(epoch FROM month::timestamp)::bigint * 1000000000;
        ends := extract(epoch FROM month::timestamp + interval '1 month')::bigint * 1000000000;
        -- Rows cannot be in a partition while it is attached: the references they make would be looked up under the
        -- policies, which show the owner of the tables nothing. So they wait beside it.
        CREATE TABLE backstory.moving (LIKE backstory.version);
        WITH moved AS (
            DELETE FROM backstory.version_other WHERE captured_at >= starts AND captured_at < ends RETURNING *
        )
        INSERT INTO backstory.moving SELECT * FROM moved;
        EXECUTE format('CREATE TABLE backstory.%I (LIKE backstory.version INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE backstory.version ATTACH PARTITION backstory.%I FOR VALUES FROM (%s) TO (%s)',
            name, starts, ends);
        EXECUTE format('INSERT INTO backstory.%I SELECT * FROM backstory.moving', name);
        EXECUTE format('ALTER TABLE backstory.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        DROP TABLE backstory.moving;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- A dungeon master writes to the rows of others, but never gives them away, nor puts them into the bin.
CREATE FUNCTION guard_character() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id THEN
        RAISE EXCEPTION 'a character keeps its id' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.owner <> current_user AND NOT pg_has_role(current_user, 'backstory_admin', 'member')
        AND (NEW.owner IS DISTINCT FROM OLD.owner OR NEW.owner_named IS DISTINCT FROM OLD.owner_named
            OR NEW.deleted_at IS DISTINCT FROM OLD.deleted_at)
    THEN
        RAISE EXCEPTION 'only its owner may give a character away or put it into the bin'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard BEFORE UPDATE ON character FOR EACH ROW EXECUTE FUNCTION guard_character();

-- Who may do what. Forced on the owner of the tables too: what it needs for the functions above is said for it.
ALTER TABLE store ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE character ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE content ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE version_other ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE sighting ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tombstone ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE member ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY upkeep ON store TO backstory_owner USING (true);
CREATE POLICY upkeep ON version_other TO backstory_owner USING (true);
CREATE POLICY upkeep ON member FOR SELECT TO backstory_owner USING (true);

CREATE POLICY read ON store FOR SELECT TO backstory_user USING (true);

-- A character is seen by its owner, by administrators, and by whom a campaign shares it with.
CREATE POLICY read ON character FOR SELECT TO backstory_user USING (
    owner = current_user
    OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
    OR (campaign, owner) IN (SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s)
);
CREATE POLICY create_own ON character FOR INSERT TO backstory_user WITH CHECK (
    owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
);
CREATE POLICY change ON character FOR UPDATE TO backstory_user USING (
    owner = current_user
    OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
    OR (campaign, owner) IN (
        SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master')
);
CREATE POLICY erase ON character FOR DELETE TO backstory_user USING (
    owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
);

-- Documents are for those who may open them: not for viewers.
CREATE POLICY read ON content FOR SELECT TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role <> 'viewer'))
));
CREATE POLICY capture ON content FOR INSERT TO backstory_user WITH CHECK (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));
CREATE POLICY change ON content FOR UPDATE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member')))
));
CREATE POLICY erase ON content FOR DELETE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member')))
));

-- Whoever sees a character sees its history. A capture adds a version and may tell its neighbours anew.
CREATE POLICY read ON version FOR SELECT TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id
));
CREATE POLICY capture ON version FOR INSERT TO backstory_user WITH CHECK (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));
CREATE POLICY change ON version FOR UPDATE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));
CREATE POLICY erase ON version FOR DELETE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member')))
));

-- A late capture that splits a run of sightings takes some away and gives them to another version.
CREATE POLICY read ON sighting FOR SELECT TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id
));
CREATE POLICY capture ON sighting FOR INSERT TO backstory_user WITH CHECK (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));
CREATE POLICY split ON sighting FOR DELETE TO backstory_user USING (EXISTS (
    SELECT FROM backstory.character AS c WHERE c.id = character_id AND (
        c.owner = current_user
        OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
        OR (c.campaign, c.owner) IN (
            SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master'))
));

CREATE POLICY read ON tombstone FOR SELECT TO backstory_user USING (
    owner = current_user
    OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
    OR (campaign, owner) IN (SELECT s.campaign, s.owner FROM backstory.shared_with(current_user) AS s)
);
CREATE POLICY erase ON tombstone TO backstory_user USING (
    owner = current_user OR (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
);

-- Members of a campaign know each other; administrators decide who they are, and its dungeon masters.
CREATE POLICY read ON member FOR SELECT TO backstory_user USING (
    (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
    OR campaign IN (SELECT backstory.campaigns_of(current_user))
);
CREATE POLICY decide ON member TO backstory_user USING (
    (SELECT pg_has_role(current_user, 'backstory_admin', 'member'))
    OR campaign IN (
        SELECT s.campaign FROM backstory.shared_with(current_user) AS s WHERE s.role = 'dungeon_master')
);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA backstory FROM PUBLIC;
GRANT USAGE ON SCHEMA backstory TO backstory_user;
GRANT SELECT ON store, refinery_schema_history TO backstory_user;
GRANT SELECT, INSERT, UPDATE, DELETE ON character, content, version, tombstone, member TO backstory_user;
GRANT SELECT, INSERT, DELETE ON sighting TO backstory_user;
GRANT EXECUTE ON FUNCTION shared_with(name), campaigns_of(name), next_revision(), missing_months(integer, integer),
    make_months(integer, integer) TO backstory_user;
