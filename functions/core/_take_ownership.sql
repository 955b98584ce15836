-- _take_ownership([owner]) -> name
-- Finds the role that shall own agentry here, and hands it the schemas and functions.  Refuses schemas in which a
-- stranger owns something.  Raises insufficient_privilege, undefined_object, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry._take_ownership(p_owner name)
RETURNS name
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_take_ownership$
DECLARE
    v_super   boolean := (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user);
    v_schemas oid[]   := ARRAY(SELECT n.oid
                               FROM agentry._modules() AS m
                               JOIN pg_namespace AS n ON n.nspname = m.schema);
    v_current name    := (SELECT r.rolname FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner
                          WHERE n.nspname = 'agentry');
    v_trusted name[]  := ARRAY['agentry_owner', current_user, p_owner,
                               (SELECT r.rolname FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba
                                WHERE d.datname = current_database())];
    v_owner   name;
    v_row     record;
BEGIN
    -- a later install keeps the owner of the first
    v_owner := coalesce(p_owner,
                        CASE WHEN NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = v_current)
                             THEN v_current END,
                        CASE WHEN v_super THEN 'agentry_owner' ELSE current_user END);
    IF v_super AND v_owner = 'agentry_owner' AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = v_owner) THEN
        CREATE ROLE agentry_owner NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = v_owner) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('role %s does not exist', v_owner),
            HINT    = format('CREATE ROLE %I NOLOGIN; then run install() again.', v_owner);
    END IF;
    IF (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles AS r WHERE r.rolname = v_owner) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('role %s cannot own agentry', v_owner),
            DETAIL  = 'It is a superuser or bypasses row-level security.',
            HINT    = 'Pass an ordinary role, or none.';
    END IF;
    IF NOT (pg_has_role(v_current, 'USAGE') AND pg_has_role(v_owner, 'SET')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('schema agentry belongs to %s', v_current),
            DETAIL  = format('You are %s; the owner shall be %s.', current_user, v_owner),
            HINT    = format('Run install() as %s, as a member of both roles, or as a superuser.', v_current);
    END IF;

    -- whoever owns an object here could make others run code: owner, caller, superusers and the database's owner may
    SELECT o.object, r.rolname AS owner
    INTO v_row
    FROM (
        SELECT 'schema ' || n.nspname AS object, n.nspowner AS owner
        FROM pg_namespace AS n WHERE n.oid = ANY (v_schemas)
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure::text, p.proowner
        FROM pg_proc AS p WHERE p.pronamespace = ANY (v_schemas)
        UNION ALL
        SELECT 'relation ' || c.oid::regclass::text, c.relowner
        FROM pg_class AS c WHERE c.relnamespace = ANY (v_schemas)
    ) AS o
    JOIN pg_roles AS r ON r.oid = o.owner
    WHERE NOT r.rolsuper
      AND r.rolname <> ALL (array_remove(v_trusted, NULL))
      AND (v_super OR NOT pg_has_role(r.oid, 'USAGE'))
    LIMIT 1;
    IF v_row.object IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s belongs to a stranger', v_row.object),
            DETAIL  = format('Its owner is %s.', v_row.owner),
            HINT    = format('Find out who made it and drop it.  If %s shall own agentry here, say so: '
                             'SELECT agentry.install(%L).', v_row.owner, v_row.owner);
    END IF;

    FOR v_row IN
        SELECT format('SCHEMA %I', n.nspname) AS object
        FROM pg_namespace AS n
        JOIN pg_roles AS r ON r.oid = n.nspowner
        WHERE n.oid = ANY (v_schemas) AND r.rolname <> v_owner
        UNION ALL
        SELECT format('%s %s', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure)
        FROM pg_proc AS p
        JOIN pg_roles AS r ON r.oid = p.proowner
        WHERE p.pronamespace = ANY (v_schemas) AND r.rolname <> v_owner
        UNION ALL
        SELECT format('%s %s',
                      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
                      c.oid::regclass)
        FROM pg_class AS c
        JOIN pg_roles AS r ON r.oid = c.relowner
        WHERE c.relnamespace = ANY (v_schemas) AND c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname <> v_owner
    LOOP
        EXECUTE format('ALTER %s OWNER TO %I', v_row.object, v_owner);
    END LOOP;
    RETURN v_owner;
END;
$_take_ownership$;

COMMENT ON FUNCTION agentry._take_ownership(name) IS
    'Hands schemas and functions of agentry to the role that shall own them.';
