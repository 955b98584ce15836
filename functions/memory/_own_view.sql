-- _own_view(caller, view) -> what _lock_view() gives of a view that is the caller's
-- Raises insufficient_privilege, and undefined_object where the caller does not see it.
CREATE OR REPLACE FUNCTION agentry_memory._own_view(
    p_kind          text,
    p_org_id        uuid,
    p_agent_id      uuid,
    p_readers       uuid[],
    p_sees_all      boolean,
    p_view          uuid,
    OUT agent_id    uuid,
    OUT user_id     uuid,
    OUT team_id     uuid,
    OUT scope       text,
    OUT hypothesis  text,
    OUT view_type   text,
    OUT tags        text[],
    OUT status      text,
    OUT promoted_to uuid,
    OUT is_own      boolean
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_own_view$
BEGIN
    SELECT v.agent_id, v.user_id, v.team_id, v.scope, v.hypothesis, v.view_type, v.tags, v.status, v.promoted_to,
           v.is_own
    INTO agent_id, user_id, team_id, scope, hypothesis, view_type, tags, status, promoted_to, is_own
    FROM agentry_memory._lock_view(p_kind, p_org_id, p_agent_id, p_readers, p_sees_all, p_view) AS v;
    IF NOT is_own THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('view %s is not yours', p_view),
            DETAIL  = 'Its scope lets you read it.',
            HINT    = 'Ask the agent whose it is, or an application; what speaks for or against it you may add.';
    END IF;
END;
$_own_view$;

COMMENT ON FUNCTION agentry_memory._own_view(text, uuid, uuid, uuid[], boolean, uuid) IS
    'A view that is the caller''s, locked; others are refused.';
