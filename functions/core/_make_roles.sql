-- _make_roles()
-- Makes the cluster-wide group roles where they are missing; warns with the lines to run where it may not.
CREATE OR REPLACE FUNCTION agentry._make_roles()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_make_roles$
DECLARE
    v_may     boolean := (SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles AS r WHERE r.rolname = current_user);
    v_role    text;
    v_missing text[] := '{}';
BEGIN
    FOREACH v_role IN ARRAY ARRAY['agentry_app', 'agentry_agent', 'agentry_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = v_role) THEN
            IF v_may THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', v_role);
            ELSE
                v_missing := v_missing || format('CREATE ROLE %I NOLOGIN;', v_role);
            END IF;
        END IF;
    END LOOP;
    IF v_missing <> '{}' THEN
        RAISE WARNING USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the group roles of agentry are missing, and this role may not make them',
            DETAIL  = 'Until they exist, only the owner can use agentry.',
            HINT    = 'Let a role with CREATEROLE run:  ' || array_to_string(v_missing, ' ')
                      || '  Then run SELECT agentry.install() again.';
    END IF;
END;
$_make_roles$;

COMMENT ON FUNCTION agentry._make_roles() IS 'Makes the group roles, or warns with the lines that make them.';
