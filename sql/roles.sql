-- The cluster-wide roles.  They carry privileges only: what a role sees depends on who it is, never on these.
-- Run once a cluster, by a role with CREATEROLE.  A dump of a database carries no roles: run this before a restore.
DO $roles$
DECLARE
    v_role    text;
    v_comment text;
BEGIN
    FOR v_role, v_comment IN VALUES
        ('agentry_owner',
         'Owns the objects of agentry where a superuser installed it; who may act as it is an administrator.'),
        ('agentry_app', 'Privileges of application back ends; see agentry.service_roles.'),
        ('agentry_agent', 'Privileges of agents; granted to the login role of an agent or of a pool.'),
        ('agentry_reader', 'Privileges to read; see agentry.service_roles.')
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = v_role) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', v_role);
            EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', v_role, v_comment);
        END IF;
    END LOOP;
END;
$roles$;
