-- install([owner]) -> module, version, way, action
-- Makes or brings up to date the tables, views, triggers, policies and grants of every module whose code is here, as
-- ordinary objects, in dependency order; what is missing comes back, data stays.  Run by a superuser it hands
-- everything to the owner role [agentry_owner], else everything belongs to the caller.  Takes a lock that lets one
-- install run at a time.
-- Raises insufficient_privilege, undefined_object, feature_not_supported.
CREATE OR REPLACE FUNCTION agentry.install(p_owner name DEFAULT NULL)
RETURNS TABLE (module text, version text, way text, action text)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $install$
#variable_conflict use_column
DECLARE
    v_saved_role text := current_setting('role');
    v_owner      name;
    v_row        record;
    v_version    text;
    v_sum        text;
    v_way        text;
    v_to         text;
    v_checksum   text;
BEGIN
    IF current_setting('server_version_num')::integer < 160000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'agentry needs PostgreSQL 16 or newer',
            DETAIL  = format('this server is %s', current_setting('server_version')),
            HINT    = 'Upgrade the server.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('agentry.install', 0));
    PERFORM agentry._make_roles();
    v_owner := agentry._take_ownership(p_owner);
    PERFORM set_config('role', v_owner, true);

    FOR v_row IN SELECT m.module, m.schema FROM agentry._modules() AS m ORDER BY m.position LOOP
        v_version := NULL;
        IF to_regclass('agentry.installed_modules') IS NOT NULL THEN
            SELECT i.version, i.checksum, i.way
            INTO v_version, v_sum, v_way
            FROM agentry.installed_modules AS i
            WHERE i.module = v_row.module;
        END IF;
        EXECUTE format('SELECT %I._source_version(), %1$I._source_checksum()', v_row.schema) INTO v_to, v_checksum;
        IF v_version <> v_to THEN
            EXECUTE format('SELECT %I._migrate($1)', v_row.schema) USING v_version;
        END IF;
        EXECUTE format('SELECT %I._install()', v_row.schema);

        module  := v_row.module;
        version := v_to;
        way     := CASE WHEN EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = v_row.schema)
                        THEN 'extension' ELSE 'plain' END;
        action  := CASE WHEN v_version IS NULL THEN 'installed'
                        WHEN (v_version, v_sum, v_way) = (v_to, v_checksum, way) THEN 'unchanged'
                        ELSE 'updated' END;
        IF action <> 'unchanged' THEN
            INSERT INTO agentry.installed_modules AS i (module, extension, version, way, checksum)
            VALUES (v_row.module, v_row.schema, v_to, way, v_checksum)
            ON CONFLICT (module) DO UPDATE
            SET version = excluded.version, way = excluded.way, checksum = excluded.checksum, updated_at = now();
        END IF;
        RETURN NEXT;
    END LOOP;

    PERFORM set_config('role', v_saved_role, true);
END;
$install$;

COMMENT ON FUNCTION agentry.install(name) IS
    'Makes or brings up to date the tables and all else of every module whose code is here; repeatable, keeps data.  '
    'Returns a row a module: installed, updated or unchanged.  As a superuser everything goes to the owner role '
    '[agentry_owner].  Raises insufficient_privilege, undefined_object, feature_not_supported.';
