-- The versions of pgvector that will do.
DO $install$
DECLARE
    v_version text := (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'vector');
BEGIN
    IF string_to_array(v_version, '.')::integer[] < '{0,8,0}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'agentry_memory needs pgvector 0.8.0 or newer',
            DETAIL  = format('this database has %s', v_version),
            HINT    = 'Install a newer one on the server, then ALTER EXTENSION vector UPDATE;';
    END IF;
    IF string_to_array(v_version, '.')::integer[] < '{0,8,4}' THEN
        RAISE WARNING USING
            MESSAGE = format('pgvector %s can corrupt an index', v_version),
            HINT    = '0.8.4 does not: install it on the server, then ALTER EXTENSION vector UPDATE;';
    END IF;
END;
$install$;
