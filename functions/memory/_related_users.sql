-- _related_users(names) -> uuid[]: users that a memory is about, by name or e-mail address
-- Whom the caller does not see is not there.
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry_memory._related_users(p_names text[])
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_related_users$
DECLARE
    v_me   record;
    v_all  boolean;
    v_name text;
    v_id   uuid;
    v_ids  uuid[] := '{}';
BEGIN
    IF coalesce(p_names = '{}', true) THEN
        RETURN v_ids;
    END IF;
    v_me  := agentry._caller();
    v_all := agentry.sees_organisation();
    FOREACH v_name IN ARRAY p_names LOOP
        SELECT u.id
        INTO v_id
        FROM agentry.users AS u
        WHERE u.org_id = v_me.org_id
          AND (u.username = v_name OR lower(u.email) = lower(v_name))
          AND (v_all OR ARRAY[u.id, u.team_id] && ARRAY[v_me.user_id, v_me.team_id])
        ORDER BY u.username = v_name DESC
        LIMIT 1;
        IF v_id IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_object',
                MESSAGE = format('user %s does not exist', coalesce(quote_literal(v_name), 'NULL')),
                HINT    = 'Users stand in agentry.users; name one by user name or e-mail address.';
        END IF;
        v_ids := v_ids || v_id;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT i FROM unnest(v_ids) AS i);
END;
$_related_users$;

COMMENT ON FUNCTION agentry_memory._related_users(text[]) IS 'Ids of the users that a memory is about.';
