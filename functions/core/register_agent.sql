-- register_agent(name, ...) -> id
-- Registers an agent or changes one: what is NULL stays as it is.  Domains and aliases are added.  For those whom
-- agentry.access_rules let write agentry.agents; db_role for administrators only.
-- Raises insufficient_privilege, check_violation, unique_violation, undefined_object, invalid_parameter_value.
CREATE OR REPLACE FUNCTION agentry.register_agent(
    p_name                   text,
    p_description            text    DEFAULT NULL,
    p_role                   text    DEFAULT NULL,
    p_provider               text    DEFAULT NULL,
    p_model                  text    DEFAULT NULL,
    p_access_method          text    DEFAULT NULL,
    p_access_details         jsonb   DEFAULT NULL,
    p_skills                 text[]  DEFAULT NULL,
    p_domains                text[]  DEFAULT '{}',
    p_aliases                text[]  DEFAULT '{}',
    p_status                 text    DEFAULT NULL,
    p_nickname               text    DEFAULT NULL,
    p_persistent             boolean DEFAULT NULL,
    p_collaborative          boolean DEFAULT NULL,
    p_instance_type          text    DEFAULT NULL,
    p_context_type           text    DEFAULT NULL,
    p_system_instructions    text    DEFAULT NULL,
    p_assistant_instructions text    DEFAULT NULL,
    p_personality            jsonb   DEFAULT NULL,
    p_team                   text    DEFAULT NULL,
    p_user                   text    DEFAULT NULL,
    p_scope                  text    DEFAULT NULL,
    p_db_role                name    DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $register_agent$
DECLARE
    v_org_id  uuid := (agentry._caller()).org_id;
    v_name    text := agentry.fold_name(p_name);
    v_team_id uuid;
    v_user_id uuid;
    v_id      uuid;
    v_table   text;
    v_column  text;
    v_rule    text;
    v_hint    text;
BEGIN
    IF v_name IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'an agent needs a name',
            HINT    = 'Pass a name of 1 to 100 characters without *, : and comma.';
    END IF;
    IF p_user IS NOT NULL THEN
        v_user_id := agentry._resolve_user(v_org_id, p_user);
    END IF;
    IF p_team IS NOT NULL THEN
        SELECT t.id INTO v_team_id FROM agentry.teams AS t WHERE t.org_id = v_org_id AND t.name = p_team;
        IF v_team_id IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_object',
                MESSAGE = format('team %L does not exist', p_team),
                HINT    = 'Teams stand in agentry.teams.';
        END IF;
    END IF;

    INSERT INTO agentry.agents AS a (
        org_id, name, description, role, provider, model, access_method, access_details, skills, status, nickname,
        persistent, collaborative, instance_type, context_type, system_instructions, assistant_instructions,
        personality, team_id, user_id, scope, db_role)
    VALUES (
        v_org_id, v_name, p_description, p_role, p_provider, p_model, coalesce(p_access_method, 'api'),
        p_access_details, coalesce(p_skills, '{}'), coalesce(p_status, 'active'), p_nickname,
        coalesce(p_persistent, true),
        coalesce(p_collaborative, false), coalesce(p_instance_type, 'subagent'), coalesce(p_context_type, 'persistent'),
        p_system_instructions, p_assistant_instructions, coalesce(p_personality, '{}'), v_team_id, v_user_id,
        coalesce(p_scope, 'organisation'), p_db_role)
    ON CONFLICT (org_id, name) DO UPDATE
    SET description            = coalesce(p_description, a.description),
        role                   = coalesce(p_role, a.role),
        provider               = coalesce(p_provider, a.provider),
        model                  = coalesce(p_model, a.model),
        access_method          = coalesce(p_access_method, a.access_method),
        access_details         = coalesce(p_access_details, a.access_details),
        skills                 = coalesce(p_skills, a.skills),
        status                 = coalesce(p_status, a.status),
        nickname               = coalesce(p_nickname, a.nickname),
        persistent             = coalesce(p_persistent, a.persistent),
        collaborative          = coalesce(p_collaborative, a.collaborative),
        instance_type          = coalesce(p_instance_type, a.instance_type),
        context_type           = coalesce(p_context_type, a.context_type),
        system_instructions    = coalesce(p_system_instructions, a.system_instructions),
        assistant_instructions = coalesce(p_assistant_instructions, a.assistant_instructions),
        personality            = coalesce(p_personality, a.personality),
        team_id                = coalesce(v_team_id, a.team_id),
        user_id                = coalesce(v_user_id, a.user_id),
        scope                  = coalesce(p_scope, a.scope),
        db_role                = coalesce(p_db_role, a.db_role)
    RETURNING a.id INTO v_id;

    INSERT INTO agentry.agent_domains AS d (org_id, domain_topic, agent_id)
    SELECT v_org_id, btrim(t.topic), v_id
    FROM unnest(p_domains) AS t (topic)
    ON CONFLICT (org_id, domain_topic, agent_id) DO UPDATE SET last_confirmed = now();

    INSERT INTO agentry.agent_aliases AS l (org_id, alias, agent_id)
    SELECT v_org_id, agentry.fold_name(t.alias), v_id
    FROM unnest(p_aliases) AS t (alias)
    -- an alias of this agent stays; one of another is a conflict of its key
    WHERE NOT EXISTS (SELECT
                      FROM agentry.agent_aliases AS o
                      WHERE o.org_id = v_org_id AND o.alias = agentry.fold_name(t.alias) AND o.agent_id = v_id);
    RETURN v_id;
EXCEPTION
    WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS
            v_table = TABLE_NAME, v_column = COLUMN_NAME, v_rule = CONSTRAINT_NAME, v_hint = PG_EXCEPTION_HINT;
        PERFORM agentry._refuse_value(
            'agentry', v_table, v_column, v_rule, v_hint,
            jsonb_build_object(
                'name', p_name, 'access_method', p_access_method, 'status', p_status, 'instance_type', p_instance_type,
                'context_type', p_context_type, 'personality', p_personality, 'scope', p_scope, 'team_id', p_team,
                'user_id', p_user, 'domain_topic', p_domains, 'alias', p_aliases));
        RAISE;
END;
$register_agent$;

COMMENT ON FUNCTION agentry.register_agent(
    text, text, text, text, text, text, jsonb, text[], text[], text[], text, text, boolean, boolean, text, text, text,
    text, jsonb, text, text, text, name) IS
    'Registers an agent or changes one (NULL: as it is), and returns its id.  The name is kept in lower case.  Domains '
    'and aliases are added.  Team and user by name.  For applications, agents of domain Agent Management and '
    'administrators; db_role for administrators only.  Raises insufficient_privilege, check_violation, '
    'unique_violation, undefined_object, invalid_parameter_value.';
