-- _own_keys(table, copies) -> text: the commands that give copies the foreign keys of the table to others
-- They are proved before the table is locked, so that attaching the copies has nothing left to prove.
CREATE OR REPLACE FUNCTION agentry._own_keys(p_table oid, p_copies text[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_own_keys$
    SELECT string_agg(format('ALTER TABLE %s ADD CONSTRAINT %I %s;', c, k.conname, pg_get_constraintdef(k.oid)), ' ')
    FROM pg_constraint AS k
    CROSS JOIN unnest(p_copies) AS c
    WHERE k.conrelid = p_table AND k.confrelid <> p_table AND k.contype = 'f' AND k.conparentid = 0
$_own_keys$;

COMMENT ON FUNCTION agentry._own_keys(oid, text[]) IS
    'Commands that give copies of a table its foreign keys to others.';
