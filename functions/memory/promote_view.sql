-- promote_view(view [, name, definition, concept_type, force]) -> concept
-- Makes a concept of a view of one's own that promotion_verdict() lets pass at this moment, whatever time a client
-- takes it to be: the first version of its name, or the next.  By force, for applications and administrators, over the
-- reasons against it, which are kept.  A view that was promoted gives the concept that it became.  Locks the view,
-- then the name.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- check_violation.
CREATE OR REPLACE FUNCTION agentry_memory.promote_view(
    p_view         uuid,
    p_name         text    DEFAULT NULL,
    p_definition   jsonb   DEFAULT NULL,
    p_concept_type text    DEFAULT NULL,
    p_force        boolean DEFAULT false
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $promote_view$
DECLARE
    v_me      record := agentry_memory._reading_as(NULL);
    v_view    record;
    v_verdict record;
    v_name    text;
    v_owner   uuid;
    v_latest  record;
    v_id      uuid   := agentry.uuidv7();
    v_table   text;
    v_column  text;
    v_rule    text;
    v_hint    text;
BEGIN
    v_view := agentry_memory._lock_view(v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, p_view,
                                        p_own => true);
    IF v_view.status = 'promoted' AND v_view.promoted_to IS NOT NULL THEN
        RETURN v_view.promoted_to;
    END IF;
    IF p_force AND v_me.kind NOT IN ('app', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'only applications and administrators promote by force',
            DETAIL  = format('You are %s.', concat_ws(' ', v_me.kind, v_me.agent)),
            HINT    = 'agentry_memory.promotion_verdict() says what is missing.';
    END IF;
    v_verdict := agentry_memory._promotion_verdict(v_me.org_id, p_view, agentry._clock());
    IF v_verdict.verdict <> 'promote' AND p_force IS NOT TRUE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('view %s cannot be promoted', p_view),
            DETAIL  = format('The verdict is %s: %s.', v_verdict.verdict, array_to_string(v_verdict.reasons, '; ')),
            HINT    = 'Wait, add evidence, validate it; an application may pass p_force.';
    END IF;
    v_name := agentry_memory._concept_name(coalesce(p_name, v_view.hypothesis));
    IF length(v_name) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a concept needs a name',
            DETAIL  = format('got: %s', left(coalesce(p_name, v_view.hypothesis), 250)),
            HINT    = 'Pass p_name, 1 to 200 characters; only a short hypothesis is a name itself.';
    END IF;

    v_owner := CASE v_view.scope WHEN 'organisation' THEN v_me.org_id WHEN 'team' THEN v_view.team_id
                                 WHEN 'user' THEN v_view.user_id ELSE v_view.agent_id END;
    PERFORM agentry_memory._lock_concept_name(v_me.org_id, v_owner, v_name);
    SELECT c.id, c.version, c.agent_id
    INTO v_latest
    FROM agentry_memory.stable_concepts AS c
    WHERE c.org_id = v_me.org_id
      AND CASE c.scope WHEN 'organisation' THEN c.org_id WHEN 'team' THEN c.team_id WHEN 'user' THEN c.user_id
                       ELSE c.agent_id END = v_owner
      AND c.canonical_name = v_name
    ORDER BY c.version DESC
    LIMIT 1
    FOR NO KEY UPDATE;
    IF v_latest.agent_id <> v_view.agent_id AND v_me.kind NOT IN ('app', 'admin') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('concept %L is another agent''s', v_name),
            DETAIL  = format('Version %s is concept %s.', v_latest.version, v_latest.id),
            HINT    = 'Take another name, or ask an application.';
    END IF;
    UPDATE agentry_memory.stable_concepts AS c
    SET is_deprecated = true, deprecated_at = agentry._clock(),
        reason = format('superseded by version %s', v_latest.version + 1)
    WHERE c.org_id = v_me.org_id AND c.id = v_latest.id AND NOT c.is_deprecated;
    INSERT INTO agentry_memory.stable_concepts (
        org_id, id, agent_id, user_id, team_id, scope, canonical_name, display_name, concept_type, definition, version,
        parent_concept_id, promoted_from, promotion_confidence, forced_against, tags)
    VALUES (
        v_me.org_id, v_id, v_view.agent_id, v_view.user_id, v_view.team_id, v_view.scope, v_name,
        btrim(coalesce(p_name, v_view.hypothesis), E' \t\r\n'), coalesce(p_concept_type, v_view.view_type),
        coalesce(p_definition, jsonb_build_object('statement', v_view.hypothesis)), coalesce(v_latest.version, 0) + 1,
        v_latest.id, p_view, v_verdict.confidence, v_verdict.reasons, v_view.tags);
    INSERT INTO agentry_memory.memory_links (org_id, from_kind, from_id, relation, to_kind, to_id)
    SELECT v_me.org_id, 'concept', v_id, t.relation, t.kind, t.id
    FROM (VALUES ('derived_from', 'view', p_view), ('supersedes', 'concept', v_latest.id)) AS t (relation, kind, id)
    WHERE t.id IS NOT NULL;
    UPDATE agentry_memory.cognitive_views AS v
    SET status = 'promoted', promoted_to = v_id, reason = NULL
    WHERE v.org_id = v_me.org_id AND v.id = p_view;
    RETURN v_id;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint,
            jsonb_build_object('concept_type', p_concept_type, 'definition', p_definition));
        RAISE;
END;
$promote_view$;

COMMENT ON FUNCTION agentry_memory.promote_view(uuid, text, jsonb, text, boolean) IS
    'Makes a concept of a view of one''s own and returns its id, where promotion_verdict() says promote.  name: what '
    'it is called, 1 to 200 characters [the hypothesis]; where the owner has a concept of that name the new one is its '
    'next version.  definition: a JSON object [{"statement": the hypothesis}].  concept_type [the type of the view].  '
    'force: over the reasons against it, which stand in forced_against; for applications and administrators.  Raises '
    'invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state, '
    'check_violation.';
