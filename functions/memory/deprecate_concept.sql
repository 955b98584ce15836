-- deprecate_concept(concept [, reason]) -> void
-- Says that a concept of one's own is held to be true no more.  One that is deprecated already stays as it is.  Locks
-- it.
-- Raises undefined_object, insufficient_privilege, check_violation.
CREATE OR REPLACE FUNCTION agentry_memory.deprecate_concept(p_concept uuid, p_reason text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $deprecate_concept$
DECLARE
    v_me     record := agentry_memory._reading_as(NULL);
    v_own    boolean;
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    SELECT v_me.kind IN ('app', 'admin') OR v_me.kind <> 'reader' AND c.agent_id IS NOT DISTINCT FROM v_me.agent_id
    INTO v_own
    FROM agentry_memory.stable_concepts AS c
    WHERE c.org_id = v_me.org_id AND c.id = p_concept AND (v_me.sees_all OR c.readers && v_me.readers)
    FOR NO KEY UPDATE;
    IF v_own IS NOT TRUE THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE WHEN v_own IS NULL THEN 'undefined_object' ELSE 'insufficient_privilege' END,
            MESSAGE = format('concept %s %s', coalesce(p_concept::text, 'NULL'),
                             CASE WHEN v_own IS NULL THEN 'does not exist' ELSE 'is not yours' END),
            HINT    = CASE WHEN v_own IS NULL
                           THEN 'Concepts stand in agentry_memory.stable_concepts, as far as you may read them.'
                           ELSE 'Ask the agent whose it is, or an application.' END;
    END IF;
    UPDATE agentry_memory.stable_concepts AS c
    SET is_deprecated = true, deprecated_at = agentry._clock(), reason = p_reason
    WHERE c.org_id = v_me.org_id AND c.id = p_concept AND NOT c.is_deprecated;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint, jsonb_build_object('reason', p_reason));
        RAISE;
END;
$deprecate_concept$;

COMMENT ON FUNCTION agentry_memory.deprecate_concept(uuid, text) IS
    'Says that a concept of one''s own is held to be true no more, and why; it is kept and not recalled any more.  '
    'Promoting a view under its name makes the next version.  One that is deprecated already stays as it is.  Raises '
    'undefined_object, insufficient_privilege, check_violation.';
