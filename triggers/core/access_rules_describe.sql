-- A changed rule shows in the comment of its table, and in the right to DELETE, at once.
CREATE OR REPLACE FUNCTION agentry._access_rules_describe()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $_access_rules_describe$
BEGIN
    -- a rule that went with its table describes nothing
    IF TG_OP <> 'INSERT' AND EXISTS (SELECT FROM agentry.guarded_tables AS g WHERE g.table_name = OLD.table_name) THEN
        PERFORM agentry._describe_table(OLD.table_name), agentry._grant_delete(OLD.table_name);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM agentry._describe_table(NEW.table_name), agentry._grant_delete(NEW.table_name);
    END IF;
    RETURN NULL;
END;
$_access_rules_describe$;

COMMENT ON FUNCTION agentry._access_rules_describe() IS 'Keeps table comments in step with agentry.access_rules.';

-- install
CREATE OR REPLACE TRIGGER access_rules_describe
    AFTER INSERT OR UPDATE OR DELETE ON agentry.access_rules
    FOR EACH ROW EXECUTE FUNCTION agentry._access_rules_describe();
