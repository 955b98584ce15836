-- concept_history(name [, agent]) -> id, agent, scope, version, definition, is_deprecated, ...
-- All versions of the concepts of a name that the agent [whoever is asking] sees, of each owner the newest first.
-- Raises what _actor() and _caller() raise.
CREATE OR REPLACE FUNCTION agentry_memory.concept_history(p_name text, p_agent text DEFAULT NULL)
RETURNS TABLE (
    id                   uuid,
    agent                text,
    scope                text,
    version              integer,
    display_name         text,
    concept_type         text,
    definition           jsonb,
    is_deprecated        boolean,
    deprecated_at        timestamptz,
    reason               text,
    promoted_from        uuid,
    promotion_confidence real,
    forced_against       text[],
    created_at           timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $concept_history$
DECLARE
    v_me record := agentry_memory._reading_as(p_agent);
BEGIN
    RETURN QUERY
    SELECT c.id, a.name, c.scope, c.version, c.display_name, c.concept_type, c.definition, c.is_deprecated,
           c.deprecated_at, c.reason, c.promoted_from, c.promotion_confidence, c.forced_against, c.created_at
    FROM agentry_memory.stable_concepts AS c
    JOIN agentry.agents AS a ON a.org_id = c.org_id AND a.id = c.agent_id
    WHERE c.org_id = v_me.org_id
      AND c.canonical_name = agentry_memory._concept_name(p_name)
      AND (v_me.sees_all OR c.readers && v_me.readers)
    ORDER BY c.scope COLLATE "C", c.team_id, c.user_id,
             CASE c.scope WHEN 'agent' THEN a.name END COLLATE "C", c.version DESC;
END;
$concept_history$;

COMMENT ON FUNCTION agentry_memory.concept_history(text, text) IS
    'All versions of the concepts of a name, whatever its case and blanks, that an agent [whoever is asking] sees; of '
    'each owner the newest first.  Raises undefined_object, insufficient_privilege.';
