-- _refuse_unknown_agent(organisation, name): the one error for an agent that is not there, or not there for the caller
-- Raises undefined_object with the closest name.
CREATE OR REPLACE FUNCTION agentry._refuse_unknown_agent(p_org_id uuid, p_name text)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_refuse_unknown_agent$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'undefined_object',
        MESSAGE = format('agent %s does not exist', coalesce(quote_literal(p_name), 'NULL')),
        HINT    = coalesce('Did you mean ' || agentry._closest_agent(p_org_id, agentry.fold_name(p_name)) || '?  ', '')
                  || 'Agents are registered with agentry.register_agent().';
END;
$_refuse_unknown_agent$;

COMMENT ON FUNCTION agentry._refuse_unknown_agent(uuid, text) IS 'Raises the error for an agent that does not exist.';
