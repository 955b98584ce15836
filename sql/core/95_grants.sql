-- Privileges of the group roles.  Internal functions are granted where functions that run as the caller, policies,
-- defaults and triggers call them.
SELECT agentry._grant_module('agentry',
    p_internal => '{_acting_role,_actor,_caller,_clock,_closest,_closest_agent,_describe_rules,_identity,_is_owner,'
                  '_is_erasing,_is_restricted,_me,_modules,_refuse_unknown_agent,_refuse_value,_resolve_agent,'
                  '_resolve_user,_setting,_setting_in_range,_source_version,_subject}',
    p_admin    => '{install,guard_table,seal_audit,verify_audit,create_monthly_partition,ensure_partitions,'
                  'retire_partitions,set_partition_policy,validate_keys,schedule_maintenance,'
                  'register_personal_data,delete_organization}',
    p_hidden   => '{users.hashed_password,api_keys.key_hash}');
