-- record_event(memory_id, action, target, ...) -> event_id
-- Records what was read out of a raw memory: somebody did something, to something, so much, then.  The event has the
-- owner and scope of the memory.  The same place (ordinal) and the same facts give the first id again.  Locks the
-- memory: events of one are recorded one after the other.
-- Raises invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state,
-- unique_violation (uq_event_per_memory).
CREATE OR REPLACE FUNCTION agentry_memory.record_event(
    p_memory_id         uuid,
    p_action            text,
    p_target            text,
    p_actor             text             DEFAULT NULL,
    p_quantity          numeric          DEFAULT NULL,
    p_unit              text             DEFAULT NULL,
    p_timestamp         timestamptz      DEFAULT NULL,
    p_confidence        double precision DEFAULT 1,
    p_ordinal           integer          DEFAULT NULL,
    p_extractor_version text             DEFAULT NULL,
    p_source            text             DEFAULT 'manual',
    p_metadata          jsonb            DEFAULT '{}'
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $record_event$
BEGIN
    RETURN (agentry_memory._store_events(
        (agentry._caller()).org_id,
        jsonb_build_array(jsonb_build_object(
            'memory_id', p_memory_id, 'action', p_action, 'target', p_target, 'actor', p_actor,
            'quantity', p_quantity, 'unit', p_unit, 'timestamp', p_timestamp, 'confidence', p_confidence,
            'ordinal', p_ordinal, 'extractor_version', p_extractor_version, 'source', p_source,
            'metadata', p_metadata))))[1];
END;
$record_event$;

COMMENT ON FUNCTION agentry_memory.record_event(
    uuid, text, text, text, numeric, text, timestamptz, double precision, integer, text, text, jsonb) IS
    'Records an event of a raw memory and returns its id: actor [whose memory it is], action, target, quantity (above '
    '0) with its unit, timestamp [that of the memory], confidence 0 to 1.  ordinal: its place among the events of the '
    'memory, from 1 on [the next]; the same place and facts give the first id.  extractor_version, source: what read '
    'it out.  metadata: a JSON object.  An agent records events of its own memories, an application of any.  Raises '
    'invalid_parameter_value, undefined_object, insufficient_privilege, object_not_in_prerequisite_state (the memory '
    'is redacted or archived), unique_violation (uq_event_per_memory: the place is taken).';
