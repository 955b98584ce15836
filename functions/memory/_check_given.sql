-- _check_given(operation, new row, old row): what the database gives a row of a view, nobody else does
-- Raises generated_always.
CREATE OR REPLACE FUNCTION agentry_memory._check_given(p_operation text, p_new jsonb, p_old jsonb)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_check_given$
BEGIN
    IF p_new -> 'id' IS DISTINCT FROM coalesce(p_old -> 'id', 'null')
       OR p_operation = 'UPDATE'
          AND (p_new -> 'agent_id', p_new -> 'org_id') <> (p_old -> 'agent_id', p_old -> 'org_id')
       OR p_operation = 'INSERT' AND jsonb_typeof(p_new -> 'org_id') <> 'null' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'generated_always',
            MESSAGE = 'id and organisation are made by the database, and an agent keeps what it thought',
            DETAIL  = format('%s: id %s, agent %s, organisation %s', p_operation, p_new ->> 'id', p_new ->> 'agent_id',
                             p_new ->> 'org_id'),
            HINT    = 'Leave them out.';
    END IF;
END;
$_check_given$;

COMMENT ON FUNCTION agentry_memory._check_given(text, jsonb, jsonb) IS
    'Refuses to write what the database gives a row of a view.';
