-- _subject(organisation, subject) -> jsonb: an agent by name, or a user as user:NAME, with the values to look for
-- Raises undefined_object.
CREATE OR REPLACE FUNCTION agentry._subject(p_org_id uuid, p_subject text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_subject$
DECLARE
    v_user_id uuid;
    v_agent   record;
BEGIN
    IF p_subject LIKE 'user:%' THEN
        v_user_id := agentry._resolve_user(p_org_id, btrim(substr(p_subject, 6)));
        RETURN jsonb_build_object('kind', 'user', 'user_id', v_user_id, 'subject_id', v_user_id);
    END IF;
    v_agent := agentry._resolve_agent(p_org_id, p_subject);
    RETURN jsonb_build_object('kind', 'agent', 'agent_id', v_agent.id, 'agent_name', v_agent.name,
                              'subject_id', v_agent.id);
END;
$_subject$;

COMMENT ON FUNCTION agentry._subject(uuid, text) IS 'A subject of erasure, with its id and name.';
