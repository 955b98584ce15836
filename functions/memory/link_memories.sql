-- link_memories(agent, from, relation, to [, from_kind, to_kind, weight, note]) -> boolean
-- Says what a memory (or another kind) of the agent is to another that it sees.  Without an agent: as whoever is
-- asking, which for an application is anything to anything.  Returns whether the link is new; one that is there gets
-- weight and note.  Locks both ends FOR KEY SHARE.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, check_violation.
CREATE OR REPLACE FUNCTION agentry_memory.link_memories(
    p_agent     text,
    p_from_id   uuid,
    p_relation  text,
    p_to_id     uuid,
    p_from_kind text   DEFAULT 'memory',
    p_to_kind   text   DEFAULT 'memory',
    p_weight    float8 DEFAULT 1,
    p_note      text   DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $link_memories$
DECLARE
    v_me     record := agentry_memory._reading_as(p_agent);
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    RETURN agentry_memory._link(v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all,
                                p_from_kind, p_from_id, p_relation, p_to_kind, p_to_id, p_weight, p_note);
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint,
            jsonb_build_object('from_kind', p_from_kind, 'from_id', p_from_id, 'to_kind', p_to_kind, 'to_id', p_to_id,
                               'weight', p_weight, 'note', p_note));
        RAISE;
END;
$link_memories$;

COMMENT ON FUNCTION agentry_memory.link_memories(text, uuid, text, uuid, text, text, float8, text) IS
    'Says what a memory of the agent [whoever is asking] is to another that it sees: derived_from, supports, '
    'contradicts, supersedes, summarises; and returns whether that is new.  Kinds: memory, raw_memory, event, view, '
    'concept.  weight: 0 to 1.  A link that is there gets weight and note.  Who reads the one that it starts from '
    'reads the link.  Raises invalid_parameter_value, undefined_object, insufficient_privilege, check_violation.';

-- link_memories(links) -> bigint
-- A batch, all or nothing; returns how many are new.
-- Raises what the other form raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_memory.link_memories(p_links jsonb)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $link_memories$
DECLARE
    v_agent  text;
    v_me     record;
    v_row    record;
    v_count  bigint := 0;
    v_table  text;
    v_column text;
    v_rule   text;
    v_hint   text;
BEGIN
    PERFORM agentry._check_batch(p_links, '{from_id,relation,to_id}', '{agent,from_kind,to_kind,weight,note}');
    PERFORM agentry._check_types(p_links, '{"from_id": "uuid", "to_id": "uuid", "weight": "real"}');
    FOR v_row IN
        SELECT b.n, b.value ->> 'agent' AS agent,
               coalesce(b.value ->> 'from_kind', 'memory') AS from_kind, (b.value ->> 'from_id')::uuid AS from_id,
               b.value ->> 'relation' AS relation,
               coalesce(b.value ->> 'to_kind', 'memory') AS to_kind, (b.value ->> 'to_id')::uuid AS to_id,
               (b.value ->> 'weight')::real AS weight, b.value ->> 'note' AS note
        FROM jsonb_array_elements(p_links) WITH ORDINALITY AS b (value, n)
        ORDER BY b.n
    LOOP
        IF v_row.n = 1 OR v_row.agent IS DISTINCT FROM v_agent THEN
            v_agent := v_row.agent;
            v_me    := agentry_memory._reading_as(v_agent);
        END IF;
        v_count := v_count + agentry_memory._link(
            v_me.kind, v_me.org_id, v_me.agent_id, v_me.readers, v_me.sees_all, v_row.from_kind, v_row.from_id,
            v_row.relation, v_row.to_kind, v_row.to_id, v_row.weight, v_row.note)::integer;
    END LOOP;
    RETURN v_count;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry_memory', v_table, v_column, v_rule, v_hint, to_jsonb(v_row), v_row.n);
        RAISE;
END;
$link_memories$;

COMMENT ON FUNCTION agentry_memory.link_memories(jsonb) IS
    'Makes links of a JSON array of {from_id, relation, to_id, agent, from_kind, to_kind, weight, note}, all or '
    'nothing; returns how many are new.  Raises what the other form raises; a bad object is named by its position '
    '(from 1).';
