-- _modules() -> module, schema, position: the modules whose code is in this database, in dependency order
CREATE OR REPLACE FUNCTION agentry._modules()
RETURNS TABLE (module text, schema name, "position" integer)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $_modules$
    SELECT m.module, n.nspname, m.position::integer
    FROM unnest('{core,chat,state,memory,dialog,knowledge,work,context,world}'::text[])
         WITH ORDINALITY AS m (module, "position")
    JOIN pg_namespace AS n ON n.nspname = CASE m.module WHEN 'core' THEN 'agentry' ELSE 'agentry_' || m.module END
    WHERE EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid AND p.proname = '_install')
$_modules$;

COMMENT ON FUNCTION agentry._modules() IS 'The modules whose code is in this database, in dependency order.';
