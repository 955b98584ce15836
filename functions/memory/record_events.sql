-- record_events(events) -> event_ids
-- Records a batch, all or nothing: a JSON array of objects with the arguments of record_event() less p_.  Ids come back
-- in the order of the array.  Memories are locked in the order of their ids.
-- Raises what record_event() raises; invalid_parameter_value names the position of a bad object.
CREATE OR REPLACE FUNCTION agentry_memory.record_events(p_events jsonb)
RETURNS uuid[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $record_events$
BEGIN
    PERFORM agentry._check_batch(p_events, '{memory_id,action,target}',
                                 '{actor,quantity,unit,timestamp,confidence,ordinal,extractor_version,source,'
                                 'metadata}');
    PERFORM agentry._check_types(
        p_events,
        '{"memory_id": "uuid", "quantity": "numeric", "timestamp": "timestamptz", "confidence": "real", '
        '"ordinal": "integer"}');
    RETURN agentry_memory._store_events((agentry._caller()).org_id, p_events);
END;
$record_events$;

COMMENT ON FUNCTION agentry_memory.record_events(jsonb) IS
    'Records a JSON array of {memory_id, action, target, actor, quantity, unit, timestamp, confidence, ordinal, '
    'extractor_version, source, metadata}, all or nothing; returns the ids in order.  Raises what record_event() '
    'raises; a bad object is named by its position (from 1).';
