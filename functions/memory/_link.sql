-- _link(kind of caller, organisation, agent, readers, sees all, link ...) -> boolean
-- One link, for a caller that _reading_as() tells of: from a row of its own to one that it sees.  Returns whether it is
-- new; one that is there gets weight and note.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege.
CREATE OR REPLACE FUNCTION agentry_memory._link(
    p_kind      text,
    p_org_id    uuid,
    p_agent_id  uuid,
    p_readers   uuid[],
    p_sees_all  boolean,
    p_from_kind text,
    p_from_id   uuid,
    p_relation  text,
    p_to_kind   text,
    p_to_id     uuid,
    p_weight    float8,
    p_note      text
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_link$
DECLARE
    v_from record := agentry_memory._link_end(p_org_id, p_from_kind, p_from_id);
    v_to   record := agentry_memory._link_end(p_org_id, p_to_kind, p_to_id);
    v_new  boolean;
BEGIN
    IF p_relation IS NULL
       OR p_relation NOT IN ('derived_from', 'supports', 'contradicts', 'supersedes', 'summarises') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('relation %s does not exist', coalesce(quote_literal(p_relation), 'NULL')),
            HINT    = 'It is derived_from, supports, contradicts, supersedes or summarises.';
    END IF;
    PERFORM agentry_memory._check_link_end(p_from_kind, p_from_id, v_from.is_there, v_from.readers, p_readers,
                                           p_sees_all);
    PERFORM agentry_memory._check_link_end(p_to_kind, p_to_id, v_to.is_there, v_to.readers, p_readers, p_sees_all);
    IF p_kind = 'reader' OR NOT p_sees_all AND v_from.agent_id IS DISTINCT FROM p_agent_id THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s %s is not yours to link', p_from_kind, p_from_id),
            DETAIL  = 'A link belongs to what it starts from.',
            HINT    = 'An agent links what it remembers itself; an application links everything.';
    END IF;
    INSERT INTO agentry_memory.memory_links AS l (
        org_id, from_kind, from_id, relation, to_kind, to_id, weight, note)
    VALUES (p_org_id, p_from_kind, p_from_id, p_relation, p_to_kind, p_to_id, coalesce(p_weight, 1), p_note)
    ON CONFLICT (org_id, from_kind, from_id, relation, to_kind, to_id) DO UPDATE
    SET weight = excluded.weight, note = excluded.note
    RETURNING l.xmax = 0 INTO v_new;
    RETURN v_new;
END;
$_link$;

COMMENT ON FUNCTION agentry_memory._link(
    text, uuid, uuid, uuid[], boolean, text, uuid, text, text, uuid, float8, text) IS
    'Makes one link, for a caller that _reading_as() tells of.';
