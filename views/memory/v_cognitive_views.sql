-- Views as they are at this moment: what is past its time has expired, whether or not anybody has written so.
CREATE OR REPLACE VIEW agentry_memory.v_cognitive_views
WITH (security_invoker = true)
AS
SELECT v.org_id, v.id, a.name AS agent, v.hypothesis, v.view_type, v.source, v.scope, v.status,
       CASE WHEN v.status = 'active' AND v.expires_at <= now() THEN 'expired' ELSE v.status END AS status_effective,
       v.confidence, v.evidence_count, v.counter_evidence_count, v.validation_count, v.last_validated_at, v.expires_at,
       v.promoted_to, v.reason, v.tags, v.created_at
FROM agentry_memory.cognitive_views AS v
LEFT JOIN agentry.agents AS a ON a.org_id = v.org_id AND a.id = v.agent_id;

COMMENT ON VIEW agentry_memory.v_cognitive_views IS
    'Hypotheses as they are at this moment, as far as the caller may read them: what is past its time has expired.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.org_id IS 'Organisation.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.id IS 'Id of the view.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.agent IS
    'Name of the agent that it is of; NULL where the caller does not see the agent.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.hypothesis IS 'What may be true.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.view_type IS 'What kind of hypothesis.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.source IS 'What it came from.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.scope IS
    'Who else reads it: agent (nobody), user, team, organisation.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.status IS 'Its status as it was last written.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.status_effective IS
    'Its status at this moment: active, expired, promoted, rejected.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.confidence IS 'How sure it is, 0 to 1.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.evidence_count IS 'How many links support it.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.counter_evidence_count IS 'How many links contradict it.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.validation_count IS 'How often it was found to hold.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.last_validated_at IS 'When it last was.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.expires_at IS 'From when on it is no hypothesis any more.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.promoted_to IS 'The concept that it became.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.reason IS 'Why it was rejected.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.tags IS 'Tags.';
COMMENT ON COLUMN agentry_memory.v_cognitive_views.created_at IS 'When it was derived.';
