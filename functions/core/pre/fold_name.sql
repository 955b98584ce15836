-- fold_name(name) -> text
-- The form in which names of agents are kept and compared: trimmed, lower case.
CREATE OR REPLACE FUNCTION agentry.fold_name(p_name text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE STRICT
SET search_path = pg_catalog, pg_temp
AS $fold_name$
    SELECT lower(btrim(p_name, E' \t\r\n'))
$fold_name$;

COMMENT ON FUNCTION agentry.fold_name(text) IS
    'A name as agents'' names are kept and compared: without surrounding blanks, in lower case.';
