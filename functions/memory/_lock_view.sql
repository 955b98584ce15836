-- _lock_view(caller, view [, own]) -> the view, its status at this moment, and whether it is the caller's
-- For a caller that _reading_as() tells of; own: refuses a view that is not the caller's.  Locks the view, but not
-- against evidence that names it.
-- Raises undefined_object where the caller does not see it, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory._lock_view(
    p_kind          text,
    p_org_id        uuid,
    p_agent_id      uuid,
    p_readers       uuid[],
    p_sees_all      boolean,
    p_view          uuid,
    p_own           boolean DEFAULT false,
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
AS $_lock_view$
BEGIN
    SELECT v.agent_id, v.user_id, v.team_id, v.scope, v.hypothesis, v.view_type, v.tags, v.promoted_to,
           CASE WHEN v.status = 'active' AND v.expires_at <= agentry._clock() THEN 'expired' ELSE v.status END,
           p_kind IN ('app', 'admin') OR p_kind <> 'reader' AND v.agent_id IS NOT DISTINCT FROM p_agent_id
    INTO agent_id, user_id, team_id, scope, hypothesis, view_type, tags, promoted_to, status, is_own
    FROM agentry_memory.cognitive_views AS v
    WHERE v.org_id = p_org_id AND v.id = p_view AND (p_sees_all OR v.readers && p_readers)
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('view %s does not exist', coalesce(p_view::text, 'NULL')),
            HINT    = 'Views stand in agentry_memory.v_cognitive_views, as far as you may read them.';
    END IF;
    IF p_own AND NOT is_own THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('view %s is not yours', p_view),
            DETAIL  = 'Its scope lets you read it.',
            HINT    = 'Ask the agent whose it is, or an application; what speaks for or against it you may add.';
    END IF;
END;
$_lock_view$;

COMMENT ON FUNCTION agentry_memory._lock_view(text, uuid, uuid, uuid[], boolean, uuid, boolean) IS
    'A view that a caller sees, locked, with its status at this moment and whether it is the caller''s.';
