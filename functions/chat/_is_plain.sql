-- _is_plain(organisation, senders, messages) -> boolean
-- Whether a batch holds nothing but well-formed messages that open a thread, to agents by their names, all of whom
-- everyone sees and may write to.  Locks these agents and the senders as _send() does.
CREATE OR REPLACE FUNCTION agentry_chat._is_plain(p_org_id uuid, p_senders text[], p_messages jsonb)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_is_plain$
DECLARE
    v_names text[];
BEGIN
    IF EXISTS (SELECT
               FROM jsonb_array_elements(p_messages) AS m (value)
               WHERE (jsonb_typeof(m.value -> 'recipients') = 'array'
                      AND m.value -> 'recipients' <> '[]'
                      AND m.value ->> 'message' ~ '[^[:space:]]'
                      AND (NOT m.value ?| '{reply_to,expires_in,priority,idempotency_key}'
                           OR m.value ->> 'reply_to' IS NULL
                              AND coalesce((m.value ->> 'expires_in')::interval > interval '0', true)
                              AND coalesce((m.value ->> 'priority')::integer BETWEEN 1 AND 10, true)
                              AND coalesce(length(m.value ->> 'idempotency_key') BETWEEN 1 AND 255, true)))
                     IS NOT TRUE) THEN
        RETURN false;
    END IF;
    v_names := ARRAY(
        SELECT DISTINCT r.name
        FROM jsonb_array_elements(p_messages) AS m (value)
        CROSS JOIN LATERAL jsonb_array_elements_text(m.value -> 'recipients') AS r (name));
    RETURN (
        SELECT count(*) FILTER (WHERE l.is_plain AND l.name = ANY (v_names)) = cardinality(v_names)
               AND count(*) FILTER (WHERE l.name = ANY (p_senders))
                   = (SELECT count(DISTINCT s.name) FROM unnest(p_senders) AS s (name))
        FROM (SELECT a.name, a.scope = 'organisation' AND a.status IN ('active', 'inactive') AS is_plain
              FROM agentry.agents AS a
              WHERE a.org_id = p_org_id AND a.name = ANY (v_names || p_senders)
              ORDER BY a.name
              FOR KEY SHARE) AS l);
END;
$_is_plain$;

COMMENT ON FUNCTION agentry_chat._is_plain(uuid, text[], jsonb) IS
    'Whether a batch holds nothing but well-formed new messages to agents that everyone sees; locks these.';
