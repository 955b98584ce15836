-- What memories register: their source of recall, health, metrics, maintenance and tools, and the views that are
-- written.

SELECT agentry_memory.register_source(
    'memory', 'agentry_memory.agent_memories',
    p_content    => 'CASE WHEN t.archived_at IS NULL THEN t.text END',
    p_agent      => 't.agent_id',
    p_user       => 't.user_id',
    p_team       => 't.team_id',
    p_scope      => 't.scope',
    p_session    => 't.session',
    p_order      => 'coalesce(t.session_order, (extract(epoch FROM t.occurred_at) * 1000000)::bigint)',
    p_time       => 't.occurred_at',
    p_importance => 't.importance',
    p_emotion    => 't.emotional_relevance',
    p_tags       => 't.tags',
    p_expires    => 't.expires_at');

DO $install$
DECLARE
    v_view record;
BEGIN
    -- INSTEAD OF triggers write for whoever may write the table; UPDATE by column, as on tables
    FOR v_view IN
        SELECT c.oid::pg_catalog.regclass AS name, r.rolname AS role,
               pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
        CROSS JOIN pg_catalog.pg_roles AS r
        WHERE c.oid IN ('agentry_memory.agent_reflections'::pg_catalog.regclass,
                        'agentry_memory.agent_metacognition'::pg_catalog.regclass)
          AND r.rolname IN ('agentry_app', 'agentry_agent')
        GROUP BY c.oid, r.rolname
    LOOP
        EXECUTE pg_catalog.format('GRANT INSERT (%2$s), UPDATE (%2$s), DELETE ON %1$s TO %3$I',
                                  v_view.name, v_view.columns, v_view.role);
    END LOOP;
END;
$install$;

INSERT INTO agentry.retention_rules (table_name, time_column, keep_for, note)
VALUES ('agentry_memory.agent_memories', 'expires_at', NULL,
        'Each memory has a time of its own: agentry_memory.expire_memories().')
ON CONFLICT (table_name) DO NOTHING;

INSERT INTO agentry.maintenance_steps (name, call, run_every)
VALUES
    ('memory.expire', 'SELECT format(''%s memories removed'', agentry_memory.expire_memories())', '10 minutes'),
    ('memory.importance', 'SELECT format(''%s rows added up'', agentry_memory._settle_importance())', '10 minutes'),
    ('memory.links', 'SELECT format(''%s links removed'', agentry_memory._sweep_links())', '1 day')
ON CONFLICT (name) DO UPDATE SET call = excluded.call;

INSERT INTO agentry.health_checks (name, query, description)
VALUES
    ('memory.expired',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              format('%s memories expired more than a day ago', count(*))
       FROM agentry_memory.agent_memories AS m
       WHERE m.expires_at < agentry._clock() - interval '1 day'
         AND NOT EXISTS (SELECT FROM agentry.legal_holds AS h
                         WHERE h.org_id = m.org_id AND h.lifted_at IS NULL)$$,
     'Memories that expired are removed, but where somebody is under a legal hold.  If not, run the maintenance: step '
     'memory.expire.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, description = excluded.description;

INSERT INTO agentry.metrics (name, query, unit, description)
VALUES
    ('memory.memories',
     'SELECT NULL::text, greatest(c.reltuples, 0)::bigint FROM pg_class AS c '
     'WHERE c.oid = ''agentry_memory.agent_memories''::regclass', 'memories',
     'Memories, as many as there were when the table was last analysed.'),
    ('memory.reflections_due',
     'SELECT NULL::text, count(*) FROM agentry.organizations AS o '
     'CROSS JOIN LATERAL agentry_memory._reflections_due(o.id, NULL, NULL, now())', 'agents',
     'Agents that have enough to reflect on.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, unit = excluded.unit, description = excluded.description;

INSERT INTO agentry.tools (name, function, description)
SELECT p.proname, p.oid::regprocedure, obj_description(p.oid, 'pg_proc')
FROM pg_proc AS p
WHERE p.pronamespace = 'agentry_memory'::regnamespace
  AND p.proname IN ('archive_memory', 'forget_memory', 'link_memories', 'mark_recalled', 'memory_evidence',
                    'record_metacognition', 'record_reflection', 'reflections_due', 'remember', 'unlink_memories')
  -- of two forms the one with plain arguments
  AND (p.proname <> 'remember' OR p.proargtypes[1] = 'text'::regtype)
  AND (p.proname <> 'link_memories' OR p.pronargs > 1)
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
