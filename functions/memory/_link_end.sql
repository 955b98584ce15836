-- _link_end(organisation, kind, id) -> is_there, agent_id, user_id, team_id, scope, readers
-- A row that a link starts from or leads to, from the archive too, locked FOR KEY SHARE: it stays until the transaction
-- ends.
-- Raises invalid_parameter_value for a kind that cannot be linked.
CREATE OR REPLACE FUNCTION agentry_memory._link_end(
    p_org_id     uuid,
    p_kind       text,
    p_id         uuid,
    OUT is_there boolean,
    OUT agent_id uuid,
    OUT user_id  uuid,
    OUT team_id  uuid,
    OUT scope    text,
    OUT readers  uuid[]
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_link_end$
DECLARE
    v_kind record;
    v_part regclass;
BEGIN
    IF p_kind = 'memory' THEN
        SELECT true, m.agent_id, m.user_id, m.team_id, m.scope, m.readers
        INTO is_there, agent_id, user_id, team_id, scope, readers
        FROM agentry_memory.agent_memories AS m
        WHERE m.org_id = p_org_id AND m.id = p_id
        FOR KEY SHARE;
    ELSE
        SELECT k.table_name, k.id_column, k.time_column
        INTO v_kind
        FROM agentry_memory.memory_link_kinds AS k
        WHERE k.kind = p_kind;
        IF v_kind.table_name IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('nothing of kind %s can be linked', coalesce(quote_literal(p_kind), 'NULL')),
                HINT    = format('Kinds: %s.', (SELECT string_agg(k.kind, ', ' ORDER BY k.kind)
                                                FROM agentry_memory.memory_link_kinds AS k));
        END IF;
        FOR v_part IN SELECT agentry._with_archive(v_kind.table_name) LOOP
            EXECUTE format(
                'SELECT true, t.agent_id, t.user_id, t.team_id, t.scope, t.readers FROM %s AS t '
                'WHERE t.org_id = $1 AND t.%I = $2%s FOR KEY SHARE', v_part, v_kind.id_column,
                CASE WHEN v_kind.time_column IS NOT NULL THEN
                    format(' AND t.%I >= agentry.uuidv7_time($2) AND t.%1$I < agentry.uuidv7_time($2, 1)',
                           v_kind.time_column) END)
            INTO is_there, agent_id, user_id, team_id, scope, readers
            USING p_org_id, p_id;
            EXIT WHEN is_there;
        END LOOP;
    END IF;
    is_there := coalesce(is_there, false);
END;
$_link_end$;

COMMENT ON FUNCTION agentry_memory._link_end(uuid, text, uuid) IS
    'A row that a link starts from or leads to, locked FOR KEY SHARE.';
