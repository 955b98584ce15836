-- _refuse_agents(kind, agent) -> void
-- What concerns the embeddings of a whole organisation is for those who work for all of it.
-- Raises insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory._refuse_agents(p_kind text, p_agent text)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_agents$
BEGIN
    IF p_kind NOT IN ('app', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'the embeddings of an organisation are for applications and administrators',
            DETAIL  = format('You are %s.', concat_ws(' ', p_kind, p_agent)),
            HINT    = 'A worker reads the texts of everybody: let it log in as an application.';
    END IF;
END;
$_refuse_agents$;

COMMENT ON FUNCTION agentry_memory._refuse_agents(text, text) IS
    'Refuses whoever is no application and no administrator.';
