-- _expand_recipients(organisation, sender, recipients) -> addresses, agents
-- Addresses are folded, de-duplicated, aliases resolved; agents are those who get the message.  Suspended and archived
-- agents get none, and a sender writes only to agents that it can see.
-- Raises invalid_parameter_value, undefined_object, object_not_in_prerequisite_state.
CREATE OR REPLACE FUNCTION agentry_chat._expand_recipients(
    p_org_id      uuid,
    p_sender      text,
    p_recipients  text[],
    OUT addresses text[],
    OUT agents    text[]
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_expand_recipients$
DECLARE
    v_sender  record;
    v_address text;
    v_domain  text;
    v_agent   record;
    v_names   text[];
BEGIN
    IF coalesce(cardinality(p_recipients), 0) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'recipients must not be empty',
            DETAIL  = format('got: %L', p_recipients),
            HINT    = 'Name agents, ARRAY[''domain:NAME''], or ARRAY[''*''] for everyone.';
    END IF;

    SELECT a.id, a.user_id, coalesce(a.team_id, u.team_id) AS team_id
    INTO v_sender
    FROM agentry.agents AS a
    LEFT JOIN agentry.users AS u ON u.org_id = a.org_id AND u.id = a.user_id
    WHERE a.org_id = p_org_id AND a.name = p_sender;

    addresses := '{}';
    agents    := '{}';
    FOREACH v_address IN ARRAY p_recipients LOOP
        v_address := agentry.fold_name(v_address);
        IF v_address = '*' OR v_address LIKE 'domain:%' THEN
            v_domain := btrim(substr(nullif(v_address, '*'), 8));
            SELECT array_agg(DISTINCT a.name)
            INTO v_names
            FROM agentry.agents AS a
            WHERE a.org_id = p_org_id
              AND a.status = 'active'
              AND a.name <> p_sender
              AND (v_domain IS NULL OR EXISTS (SELECT
                                               FROM agentry.agent_domains AS d
                                               WHERE d.org_id = p_org_id
                                                 AND lower(d.domain_topic) = v_domain
                                                 AND d.agent_id = a.id))
              AND (a.scope = 'organisation'
                   OR a.scope = 'team' AND a.team_id = v_sender.team_id
                   OR a.scope = 'user' AND a.user_id = v_sender.user_id);
            IF v_names IS NULL AND v_domain IS NOT NULL THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'undefined_object',
                    MESSAGE = format('domain %L has no other active agent', v_domain),
                    HINT    = coalesce('Did you mean domain:' || agentry._closest(v_domain, ARRAY(
                                  SELECT d.domain_topic
                                  FROM agentry.agent_domains AS d
                                  WHERE d.org_id = p_org_id)) || '?  ', '')
                              || 'Domains stand in agentry.agent_domains.';
            END IF;
        ELSE
            SELECT a.id, a.name, a.status, a.user_id, a.team_id, s.scope
            INTO v_agent
            FROM agentry._resolve_agent(p_org_id, v_address) AS a
            JOIN agentry.agents AS s ON s.org_id = p_org_id AND s.id = a.id;
            IF NOT (v_agent.scope = 'organisation'
                    OR v_agent.id = v_sender.id
                    OR v_agent.scope = 'team' AND v_agent.team_id IS NOT DISTINCT FROM v_sender.team_id
                    OR v_agent.scope = 'user' AND v_agent.user_id IS NOT DISTINCT FROM v_sender.user_id) THEN
                -- as if it were not there
                PERFORM agentry._refuse_unknown_agent(p_org_id, v_address);
            END IF;
            IF v_agent.status NOT IN ('active', 'inactive') THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'object_not_in_prerequisite_state',
                    MESSAGE = format('recipient %s is %s', v_agent.name, v_agent.status),
                    HINT    = 'Leave it out, or have its status set to active.';
            END IF;
            v_address := v_agent.name;
            v_names   := ARRAY[v_agent.name];
        END IF;
        IF v_address <> ALL (addresses) THEN
            addresses := addresses || v_address;
        END IF;
        agents := agents || v_names;
    END LOOP;
    agents := ARRAY(SELECT DISTINCT t.name FROM unnest(agents) AS t (name) ORDER BY t.name);
END;
$_expand_recipients$;

COMMENT ON FUNCTION agentry_chat._expand_recipients(uuid, text, text[]) IS
    'Addresses of a message, and the agents that get it.';
