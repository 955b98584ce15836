-- What views, concepts and consolidations register: their sources of recall, retention, health, metrics, maintenance
-- and tools.

SELECT agentry_memory.register_source(
    'view', 'agentry_memory.cognitive_views',
    p_content    => 'CASE WHEN t.status = ''active'' THEN t.hypothesis END',
    p_agent      => 't.agent_id',
    p_user       => 't.user_id',
    p_team       => 't.team_id',
    p_scope      => 't.scope',
    p_time       => 't.created_at',
    p_confidence => 't.confidence',
    p_tags       => 't.tags',
    p_expires    => 't.expires_at');
SELECT agentry_memory.register_source(
    'concept', 'agentry_memory.stable_concepts',
    p_content    => 'CASE WHEN NOT t.is_deprecated THEN agentry_memory._concept_text(t.display_name, t.definition) END',
    p_agent      => 't.agent_id',
    p_user       => 't.user_id',
    p_team       => 't.team_id',
    p_scope      => 't.scope',
    p_time       => 't.created_at',
    p_confidence => 't.promotion_confidence',
    p_tags       => 't.tags');

INSERT INTO agentry.retention_rules (table_name, time_column, keep_for, note)
VALUES ('agentry_memory.cognitive_views', 'expires_at', NULL,
        'Of views that expired or were rejected; promoted ones stay.')
ON CONFLICT (table_name) DO NOTHING;

INSERT INTO agentry.maintenance_steps (name, call, run_every)
VALUES
    ('memory.views',
     'SELECT format(''%s views expired, %s removed'', v.expired, v.removed) FROM agentry_memory.expire_views() AS v',
     '10 minutes')
ON CONFLICT (name) DO UPDATE SET call = excluded.call;

INSERT INTO agentry.health_checks (name, query, description)
VALUES
    ('memory.views',
     $$SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warning' END,
              format('%s views expired more than a day ago and are active by their status', count(*))
       FROM agentry_memory.cognitive_views AS v
       WHERE v.status = 'active' AND v.expires_at < agentry._clock() - interval '1 day'$$,
     'The status of views that expired is written, though everybody takes them for expired before.  If not, run the '
     'maintenance: step memory.views.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, description = excluded.description;

INSERT INTO agentry.metrics (name, query, unit, description)
VALUES
    ('memory.views',
     'SELECT CASE WHEN v.status = ''active'' AND v.expires_at <= now() THEN ''expired'' ELSE v.status END, count(*) '
     'FROM agentry_memory.cognitive_views AS v GROUP BY 1 ORDER BY 1', 'views',
     'Views by their status at this moment.'),
    ('memory.concepts',
     'SELECT NULL::text, count(*) FROM agentry_memory.stable_concepts AS c WHERE NOT c.is_deprecated', 'concepts',
     'Concepts, of each the current version.'),
    ('memory.tokens_saved',
     'SELECT c.consolidation_type, sum(c.tokens_saved) FROM agentry_memory.memory_consolidations AS c '
     'WHERE c.undone_at IS NULL GROUP BY 1 ORDER BY 1', 'tokens', 'What consolidations saved, by type.')
ON CONFLICT (name) DO UPDATE SET query = excluded.query, unit = excluded.unit, description = excluded.description;

INSERT INTO agentry.tools (name, function, description)
SELECT p.proname, p.oid::regprocedure, obj_description(p.oid, 'pg_proc')
FROM pg_proc AS p
WHERE p.pronamespace = 'agentry_memory'::regnamespace
  AND p.proname IN ('add_evidence', 'concept_history', 'consolidate', 'consolidations_due', 'deprecate_concept',
                    'derive_view', 'promote_view', 'promotion_verdict', 'reject_view', 'undo_consolidation',
                    'validate_view', 'withdraw_evidence')
  -- of two forms the one with plain arguments
  AND (p.proname <> 'consolidate' OR p.proargtypes[3] = 'text'::regtype)
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
