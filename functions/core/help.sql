-- help([pattern]) -> function, description
-- The public functions of all modules whose name or comment has the pattern; without one, all of them.
CREATE OR REPLACE FUNCTION agentry.help(p_pattern text DEFAULT NULL)
RETURNS TABLE (function text, description text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $help$
    SELECT format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_arguments(p.oid))
               || coalesce(' -> ' || pg_get_function_result(p.oid), ''),
           obj_description(p.oid, 'pg_proc')
    FROM agentry._modules() AS m
    JOIN pg_namespace AS n ON n.nspname = m.schema
    JOIN pg_proc AS p ON p.pronamespace = n.oid
    WHERE left(p.proname, 1) <> '_'
      AND (p_pattern IS NULL
           OR strpos(lower(p.proname), lower(p_pattern)) > 0
           OR strpos(lower(obj_description(p.oid, 'pg_proc')), lower(p_pattern)) > 0)
    ORDER BY m.position, p.proname COLLATE "C", p.oid
$help$;

COMMENT ON FUNCTION agentry.help(text) IS
    'The public functions whose name or description has the pattern [all], with arguments, result and description.  '
    'In psql: SELECT * FROM agentry.help(''message'') \gx';
