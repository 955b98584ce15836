-- Public functions of agentry: arguments, result, volatility, whose rights they have, who may call them.
BEGIN;
SELECT no_plan();

CREATE TEMPORARY TABLE fact (name name, arguments name[], result text, volatility text, rights text, callers text)
ON COMMIT DROP;
INSERT INTO fact VALUES
    ('act_as', '{text,boolean}', 'void', 'volatile', 'owner', 'groups'),
    ('create_api_key', '{text,text,interval,text}', 'text', 'volatile', 'owner', 'groups'),
    ('create_monthly_partition', '{text,date}', 'text', 'volatile', 'caller', 'admin'),
    ('create_organization', '{text}', 'uuid', 'volatile', 'caller', 'groups'),
    ('current_agent', '{}', 'text', 'stable', 'caller', 'groups'),
    ('current_agent_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('current_org_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('current_readers', '{}', 'uuid[]', 'stable', 'caller', 'groups'),
    ('current_team_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('current_user_id', '{}', 'uuid', 'stable', 'caller', 'groups'),
    ('delete_organization', '{text}', 'uuid', 'volatile', 'caller', 'admin'),
    ('ensure_partitions', '{text,integer}', 'text[]', 'volatile', 'caller', 'admin'),
    ('estimate_tokens', '{text}', 'integer', 'immutable', 'caller', 'groups'),
    ('fold_name', '{text}', 'text', 'immutable', 'caller', 'groups'),
    ('forget', '{text}', 'uuid', 'volatile', 'owner', 'groups'),
    ('guard_table',
     '{regclass, name, name, name, name, text, text, text[], text, name, boolean}',
     'void', 'volatile', 'caller', 'admin'),
    ('health', '{}', 'setof record', 'stable', 'owner', 'groups'),
    ('help', '{text}', 'setof record', 'stable', 'caller', 'groups'),
    ('install', '{name}', 'setof record', 'volatile', 'caller', 'admin'),
    ('lift_legal_hold', '{uuid}', 'boolean', 'volatile', 'caller', 'groups'),
    ('login', '{text,interval}', 'text', 'volatile', 'owner', 'groups'),
    ('logout', '{}', 'boolean', 'volatile', 'owner', 'groups'),
    ('metrics', '{}', 'setof record', 'stable', 'owner', 'groups'),
    ('place_legal_hold', '{text,text}', 'uuid', 'volatile', 'caller', 'groups'),
    ('register_agent',
     '{text, text, text, text, text, text, jsonb, text[], text[], text[], text, text, boolean, boolean,
       text, text, text, text, jsonb, text, text, text, name}',
     'uuid', 'volatile', 'caller', 'groups'),
    ('register_personal_data', '{regclass,jsonb,text,regprocedure,integer}', 'void', 'volatile', 'caller', 'admin'),
    ('retire_partitions', '{text}', 'text[]', 'volatile', 'caller', 'admin'),
    ('revoke_api_key', '{uuid}', 'boolean', 'volatile', 'owner', 'groups'),
    ('run_maintenance', '{boolean}', 'void', 'volatile', 'caller', 'admin'),
    ('schedule_maintenance', '{text}', 'bigint', 'volatile', 'caller', 'admin'),
    ('seal_audit', '{}', 'bigint', 'volatile', 'caller', 'admin'),
    ('sees_organisation', '{}', 'boolean', 'stable', 'caller', 'groups'),
    ('set_partition_policy', '{text,integer,integer,text,text[]}', 'void', 'volatile', 'caller', 'admin'),
    ('set_password', '{text,text,text}', 'void', 'volatile', 'owner', 'groups'),
    ('set_setting', '{text,jsonb}', 'void', 'volatile', 'caller', 'groups'),
    ('setting', '{text}', 'jsonb', 'stable', 'caller', 'groups'),
    ('use_session', '{text,boolean}', 'void', 'volatile', 'caller', 'groups'),
    ('uuidv7', '{timestamp with time zone}', 'uuid', 'volatile', 'caller', 'groups'),
    ('uuidv7_time', '{uuid,bigint}', 'timestamp with time zone', 'immutable', 'caller', 'groups'),
    ('validate_keys', '{}', 'bigint', 'volatile', 'caller', 'admin'),
    ('verify_audit', '{uuid}', 'record', 'stable', 'caller', 'admin'),
    ('verify_forgotten', '{uuid}', 'setof record', 'stable', 'owner', 'groups'),
    ('verify_password', '{text,text}', 'boolean', 'volatile', 'owner', 'groups'),
    ('version', '{}', 'text', 'immutable', 'caller', 'groups'),
    ('whoami', '{}', 'record', 'stable', 'caller', 'groups'),
    ('write_reach', '{regclass,text}', 'text', 'stable', 'caller', 'groups');

SELECT set_eq(
    $$SELECT proname, oidvectortypes(proargtypes) FROM pg_proc
      WHERE pronamespace = 'agentry'::regnamespace
        AND proname NOT LIKE '\_%' AND prorettype <> 'trigger'::regtype$$,
    $$SELECT name, array_to_string(arguments, ', ') FROM fact$$, 'public functions of agentry');
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
SELECT is_procedure('agentry', 'run_maintenance', '{boolean}'::name[], 'run_maintenance commits, so it is a procedure');

-- internal functions: most are out of reach, and have the rights of their caller
CREATE TEMPORARY TABLE internal ON COMMIT DROP AS
SELECT p.proname, p.prosecdef,
       EXISTS (SELECT FROM unnest('{public,agentry_app,agentry_agent,agentry_reader}'::name[]) AS r (role)
               WHERE has_function_privilege(r.role, p.oid, 'EXECUTE')) AS reached
FROM pg_proc AS p
WHERE p.pronamespace = 'agentry'::regnamespace AND p.proname LIKE '\_%';
SELECT set_eq('SELECT DISTINCT proname FROM internal WHERE reached',
              '{_acting_role, _actor, _caller, _clock, _closest, _closest_agent, _describe_rules, _identity,
                _is_erasing, _is_owner, _is_restricted, _me, _modules, _refuse_unknown_agent, _refuse_value,
                _resolve_agent, _resolve_user, _setting, _setting_in_range, _source_version, _subject}'::name[],
              'internal functions of agentry that others may call');
SELECT set_eq('SELECT DISTINCT proname FROM internal WHERE prosecdef', '{_audit, _identity, _is_erasing}'::name[],
              'internal functions of agentry with the rights of their owner');

SELECT * FROM finish();
ROLLBACK;
