-- Privileges of the group roles.  Internal functions are granted where functions that run as the caller, policies,
-- defaults and triggers call them.
SELECT agentry._grant_module('agentry',
    p_internal => '{_acting_role,_actor,_caller,_clock,_closest,_closest_agent,_describe_rules,_identity,_is_owner,'
                  '_is_restricted,_me,_modules,_refuse_unknown_agent,_resolve_agent,_resolve_user,_setting,'
                  '_setting_in_range,_source_version}',
    p_admin    => '{install,guard_table}',
    p_hidden   => '{users.hashed_password,api_keys.key_hash}');
