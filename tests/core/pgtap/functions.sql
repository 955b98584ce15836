-- Public functions of agentry: arguments, result, volatility, whose rights they have, who may call them.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, arguments name[], result text, volatility text, rights text, callers text)
ON COMMIT DROP;
INSERT INTO fact VALUES
    ('act_as', '{text,boolean}', 'void', 'volatile', 'owner', 'groups'),
    ('create_api_key', '{text,text,interval,text}', 'text', 'volatile', 'owner', 'groups'),
    ('create_organization', '{text}', 'uuid', 'volatile', 'caller', 'groups'),
    ('current_agent', '{}', 'text', 'stable', 'caller', 'groups'),
    ('current_agent_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('current_org_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('current_team_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('current_user_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('fold_name', '{text}', 'text', 'immutable', 'caller', 'groups'),
    ('guard_table',
     '{regclass, name, name, name, name, text, text, text[], text, name}',
     'void', 'volatile', 'caller', 'admin'),
    ('help', '{text}', 'setof record', 'stable', 'caller', 'groups'),
    ('install', '{name}', 'setof record', 'volatile', 'caller', 'admin'),
    ('login', '{text,interval}', 'text', 'volatile', 'owner', 'groups'),
    ('logout', '{}', 'boolean', 'volatile', 'owner', 'groups'),
    ('register_agent',
     '{text, text, text, text, text, text, jsonb, text[], text[], text[], text, text, boolean, boolean,
       text, text, text, text, jsonb, text, text, text, name}',
     'uuid', 'volatile', 'caller', 'groups'),
    ('revoke_api_key', '{uuid}', 'boolean', 'volatile', 'owner', 'groups'),
    ('sees_organisation', '{}', 'boolean', 'stable', 'caller', 'groups'),
    ('set_password', '{text,text,text}', 'void', 'volatile', 'owner', 'groups'),
    ('set_setting', '{text,jsonb}', 'void', 'volatile', 'caller', 'groups'),
    ('setting', '{text}', 'jsonb', 'stable', 'caller', 'groups'),
    ('use_session', '{text,boolean}', 'void', 'volatile', 'caller', 'groups'),
    ('uuidv7', '{timestamp with time zone}', 'uuid', 'volatile', 'caller', 'groups'),
    ('verify_password', '{text,text}', 'boolean', 'volatile', 'owner', 'groups'),
    ('version', '{}', 'text', 'immutable', 'caller', 'groups'),
    ('whoami', '{}', 'record', 'stable', 'caller', 'groups'),
    ('write_reach', '{regclass,text}', 'text', 'stable', 'caller', 'groups');

SELECT set_eq(
    $$SELECT DISTINCT proname FROM pg_proc
      WHERE pronamespace = 'agentry'::regnamespace
        AND proname NOT LIKE '\_%' AND prorettype <> 'trigger'::regtype$$,
    'SELECT name FROM fact', 'public functions of agentry');
SELECT function_returns('agentry', name, arguments, result, name || ' returns ' || result) FROM fact;
SELECT volatility_is('agentry', name, arguments, volatility, name || ' is ' || volatility) FROM fact;
SELECT is_definer('agentry', name, arguments, name || ' has the rights of its owner')
FROM fact WHERE rights = 'owner';
SELECT isnt_definer('agentry', name, arguments, name || ' has the rights of its caller')
FROM fact WHERE rights = 'caller';
SELECT function_owner_is('agentry', name, arguments, 'agentry_owner', name || ' belongs to agentry_owner')
FROM fact;
SELECT function_privs_are('agentry', f.name, f.arguments, r.role,
                          CASE WHEN f.callers = 'groups' AND r.role <> 'public' THEN '{EXECUTE}' ELSE '{}' END::text[],
                          r.role || ' on ' || f.name)
FROM fact AS f, unnest('{public,agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role);

SELECT * FROM finish();
ROLLBACK;
