-- _begin_load(partitions, retired): makes a freshly installed database ready for the rows of another, in this
-- transaction
-- What install() put there gives way, the partitions become those of the other database, the retired ones too, no
-- trigger fires, and foreign keys wait for _end_load().  A row counts as install()'s when the transaction that recorded
-- a module wrote it.  partitions: JSON array of {table, partition, bound, storage, closed}; retired: of {table,
-- partition, keys}, where keys names the foreign keys that it still has.  Locks every table.
-- Raises object_not_in_prerequisite_state where anything else has been written.
CREATE OR REPLACE FUNCTION agentry._begin_load(p_partitions jsonb, p_retired jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET client_min_messages = warning
AS $_begin_load$
DECLARE
    v_installs text[] := ARRAY(SELECT DISTINCT i.xmin::text FROM agentry.installed_modules AS i);
    v_used     text[] := '{}';
    v_count    bigint;
    v_row      record;
    v_key      name;
BEGIN
    EXECUTE 'LOCK TABLE ' || (SELECT string_agg('ONLY ' || t, ', ') FROM agentry._dumped_relations('rp') AS t);
    FOR v_row IN
        SELECT c.oid AS name FROM agentry._dumped_relations('r') AS c (oid)
    LOOP
        EXECUTE format('SELECT count(*) FROM ONLY %s AS r WHERE r.xmin::text <> ALL ($1)', v_row.name)
        INTO v_count
        USING v_installs;
        IF v_count > 0 THEN
            v_used := v_used || format('%s (%s)', v_row.name, v_count);
        END IF;
    END LOOP;
    IF v_used <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'this database has been used since agentry was installed',
            DETAIL  = format('Rows that the install did not write: %s.', array_to_string(v_used, ', ')),
            HINT    = 'Load into a new database: CREATE DATABASE, invoke deploy, and nothing else.';
    END IF;

    -- partitions that are not there yet, and those that would take rows of the default partition
    FOR v_row IN
        SELECT i.inhrelid::regclass AS name, i.inhparent::regclass AS parent
        FROM pg_inherits AS i
        JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition AND c.relkind = 'r'
        WHERE EXISTS (SELECT FROM jsonb_array_elements(p_partitions) AS p
                      WHERE to_regclass(p ->> 'table') = i.inhparent)
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(p_partitions) AS p
                          WHERE to_regclass(p ->> 'partition') = i.inhrelid)
    LOOP
        -- detached first, for it may be referred to
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', v_row.parent, v_row.name);
        EXECUTE format('DROP TABLE %s', v_row.name);
    END LOOP;
    FOR v_row IN
        SELECT p.*
        FROM jsonb_to_recordset(p_partitions) AS p ("table" text, partition text, bound text, storage text,
                                                      closed boolean)
        WHERE to_regclass(p."table") IS NOT NULL AND to_regclass(p.partition) IS NULL
    LOOP
        EXECUTE format('CREATE TABLE %s PARTITION OF %s %s%s', v_row.partition, v_row."table", v_row.bound,
                       ' WITH (' || v_row.storage || ')');
        IF v_row.closed THEN
            PERFORM agentry._close_partition(v_row.partition::regclass);
        END IF;
    END LOOP;

    -- months that are no longer part of their table: made as one, of a day that no row has, and detached
    FOR v_row IN
        SELECT p.partition, p."table", p.keys, (parse_ident(p.partition))[1] AS schema,
               pg_get_userbyid(c.relowner) AS owner
        FROM jsonb_to_recordset(p_retired) AS p ("table" text, partition text, keys name[])
        JOIN pg_class AS c ON c.oid = to_regclass(p."table")
        WHERE to_regclass(p.partition) IS NULL
    LOOP
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', v_row.schema, v_row.owner);
        EXECUTE format($$CREATE TABLE %s PARTITION OF %s FOR VALUES FROM ('0001-01-01') TO ('0001-01-02')$$,
                       v_row.partition, v_row."table");
        PERFORM agentry._close_partition(v_row.partition::regclass);
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', v_row."table", v_row.partition);
        FOR v_key IN
            SELECT k.conname
            FROM pg_constraint AS k
            WHERE k.conrelid = v_row.partition::regclass
              AND k.contype = 'f'
              AND k.conparentid = 0
              AND k.conname <> ALL (v_row.keys)
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', v_row.partition, v_key);
        END LOOP;
    END LOOP;

    CREATE TEMPORARY TABLE agentry_load ON COMMIT DROP AS
    SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname) AS before,
           format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', t.tgrelid::regclass,
                  CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, t.tgname) AS after
    FROM pg_trigger AS t
    WHERE NOT t.tgisinternal
      AND t.tgenabled IN ('O', 'A')
      AND t.tgrelid IN (SELECT agentry._dumped_relations('rp'))
    UNION ALL
    SELECT format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', k.conrelid::regclass, k.conname),
           format('ALTER TABLE %s ALTER CONSTRAINT %I %s', k.conrelid::regclass, k.conname,
                  CASE WHEN k.condeferrable THEN 'DEFERRABLE INITIALLY IMMEDIATE' ELSE 'NOT DEFERRABLE' END)
    FROM pg_constraint AS k
    WHERE k.contype = 'f'
      AND k.conparentid = 0
      AND NOT k.condeferred
      AND k.conrelid IN (SELECT agentry._dumped_relations('rp'));
    FOR v_row IN SELECT l.before FROM pg_temp.agentry_load AS l LOOP
        EXECUTE v_row.before;
    END LOOP;
    EXECUTE 'TRUNCATE ' || (SELECT string_agg(t::text, ', ') FROM agentry._dumped_relations('rp') AS t);
END;
$_begin_load$;

COMMENT ON FUNCTION agentry._begin_load(jsonb, jsonb) IS
    'Makes a freshly installed database ready for the rows of a dump, in this transaction; see agentry._end_load().';
