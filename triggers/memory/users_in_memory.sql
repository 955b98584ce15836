-- A user who goes is named by no memory any more; see _check_related().  Under REPEATABLE READ this could not see a
-- memory that was stored meanwhile.
CREATE OR REPLACE FUNCTION agentry_memory._users_in_memory()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $_users_in_memory$
BEGIN
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'users are not deleted under REPEATABLE READ',
            HINT    = 'Use READ COMMITTED or SERIALIZABLE.';
    END IF;
    UPDATE agentry_memory.agent_memories AS m
    SET related_users = array_remove(m.related_users, OLD.id)
    WHERE m.org_id = OLD.org_id AND m.related_users @> ARRAY[OLD.id];
    RETURN NULL;
END;
$_users_in_memory$;

COMMENT ON FUNCTION agentry_memory._users_in_memory() IS 'Takes users who go out of memories.';

-- install
CREATE OR REPLACE TRIGGER users_in_memory
    AFTER DELETE ON agentry.users
    FOR EACH ROW EXECUTE FUNCTION agentry_memory._users_in_memory();
