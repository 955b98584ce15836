"""The house rules that the catalogue can prove: each is a query that names the offenders, and a way to make one.

A rule whose query does not find the offender that `broken_by` makes is a defect; test_house_rules.py proves each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

INLINED_FILE = Path(__file__).with_name("inlined_functions.txt")


def inlined_functions() -> dict[str, str]:
    """Signature -> reason."""
    lines = [line for line in INLINED_FILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {f"{signature})": reason.strip() for signature, _, reason in (line.partition(") ") for line in lines)}


# Public functions that group roles may not execute.
ADMIN_FUNCTIONS = (
    "install", "seal_audit", "verify_audit", "create_monthly_partition", "ensure_partitions", "retire_partitions",
    "set_partition_policy", "validate_keys", "run_maintenance", "schedule_maintenance",
    "register_personal_data", "delete_organization",
)

# The beginning of every query.
COMMON = r"""
WITH ns AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl
    FROM pg_namespace AS n WHERE n.nspname ~ '^agentry(_[a-z]+)?$'
), owner AS (
    SELECT r.oid, r.rolname, r.rolsuper
    FROM pg_roles AS r JOIN pg_namespace AS n ON n.nspowner = r.oid WHERE n.nspname = 'agentry'
), groups AS (
    SELECT r.oid, r.rolname
    FROM pg_roles AS r WHERE r.rolname IN ('agentry_app', 'agentry_agent', 'agentry_reader')
), fn AS (
    SELECT p.*, ns.nspname, ns.nspname || '.' || p.proname AS full_name, p.oid::regprocedure::text AS signature,
           regexp_replace(p.prosrc, '--[^\n]*', '', 'g') AS body
    FROM pg_proc AS p JOIN ns ON ns.oid = p.pronamespace
), rel AS (
    SELECT c.*, ns.nspname, ns.nspname || '.' || c.relname AS full_name
    FROM pg_class AS c JOIN ns ON ns.oid = c.relnamespace
), tbl AS (
    SELECT rel.*, org.attnum AS org, org.atttypid AS org_type, org.attnotnull AS org_not_null
    FROM rel
    LEFT JOIN pg_attribute AS org ON org.attrelid = rel.oid AND org.attname = 'org_id' AND NOT org.attisdropped
    WHERE rel.relkind IN ('r', 'p') AND NOT rel.relispartition
), col AS (
    SELECT a.*, rel.relkind, rel.full_name || '.' || a.attname AS full_name
    FROM pg_attribute AS a JOIN rel ON rel.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND rel.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT rel.relispartition
)
"""

# A table that keeps every rule but the one that is to be broken.
TABLE = "CREATE TABLE agentry.offender (org_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (org_id, id));"


@dataclass(frozen=True)
class Rule:
    """`query` goes on after COMMON; its first column names offenders.  `broken_by` makes one called offender."""

    query: str
    broken_by: str
    allowed: dict[str, str] = field(default_factory=dict)  # offender -> why it may stay; a stale entry is a failure


RULES: dict[str, Rule] = {
    # -- functions ----------------------------------------------------------------------------------------------------
    "every function has a comment": Rule(
        "SELECT signature FROM fn WHERE coalesce(btrim(obj_description(oid, 'pg_proc')), '') = ''",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ),
    "every function has a pinned search_path, pg_catalog first and pg_temp last": Rule(
        r"""SELECT signature FROM fn WHERE NOT EXISTS (
                SELECT FROM unnest(proconfig) AS c WHERE c ~ '^search_path=pg_catalog, (.*, )?pg_temp$')""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql SET search_path = pg_catalog, public"
        " AS 'SELECT 1'",
        {
            **inlined_functions(),
            "agentry.run_maintenance(boolean)": "a procedure with a SET clause cannot commit; it pins the path itself",
        },
    ),
    "a pinned search_path names no schema that others may create in": Rule(
        r"""SELECT signature FROM fn, unnest(proconfig) AS c, regexp_split_to_table(substr(c, 13), ', *') AS s (name)
            WHERE c LIKE 'search\_path=%' AND s.name NOT IN ('pg_catalog', 'pg_temp')
              AND NOT EXISTS (SELECT FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
                              WHERE e.extname = 'vector' AND quote_ident(n.nspname) = s.name)""",
        "CREATE SCHEMA anybodys;"
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql"
        " SET search_path = pg_catalog, anybodys, pg_temp AS 'SELECT 1'",
    ),
    "parameters are called p_..., and results are not": Rule(
        r"""SELECT DISTINCT signature
            FROM fn, generate_series(1, coalesce(cardinality(proallargtypes), pronargs)) AS i
            WHERE CASE WHEN coalesce(proargmodes[i], 'i') IN ('i', 'b', 'v')
                       THEN coalesce(proargnames[i], '') !~ '^p_[a-z0-9_]+$'
                       ELSE coalesce(proargnames[i], '') ~ '^([pv]_|$)' END""",
        "CREATE FUNCTION agentry.offender(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ),
    "public functions are in lower case; internal ones begin with one _": Rule(
        "SELECT signature FROM fn WHERE proname !~ '^_?[a-z][a-z0-9_]*$'",
        'CREATE FUNCTION agentry."Offender"() RETURNS integer LANGUAGE sql AS \'SELECT 1\'',
    ),
    "no signature names the row type of a table": Rule(
        """SELECT signature
           FROM fn, unnest(proargtypes::oid[] || proallargtypes || prorettype) AS t (oid)
           JOIN pg_type AS ty ON ty.oid = t.oid
           LEFT JOIN pg_type AS el ON el.oid = ty.typelem AND ty.typcategory = 'A'
           WHERE coalesce(nullif(ty.typrelid, 0), el.typrelid, 0) <> 0""",
        "CREATE FUNCTION agentry.offender() RETURNS SETOF agentry.agents LANGUAGE sql"
        " AS 'SELECT * FROM agentry.agents'",
    ),
    "functions are in plpgsql or sql": Rule(
        """SELECT signature FROM fn JOIN pg_language AS l ON l.oid = fn.prolang
           WHERE l.lanname NOT IN ('plpgsql', 'sql')""",
        "CREATE FUNCTION agentry.offender() RETURNS cstring LANGUAGE internal IMMUTABLE AS 'pgsql_version'",
    ),
    # -- SECURITY DEFINER ---------------------------------------------------------------------------------------------
    "PUBLIC may execute no function": Rule(
        """SELECT signature FROM fn, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS x
           WHERE x.grantee = 0""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    "a definer function belongs to the owner of agentry, who is no superuser and does not bypass row security": Rule(
        """SELECT signature FROM fn JOIN pg_roles AS r ON r.oid = fn.proowner
           WHERE prosecdef AND (r.oid <> (SELECT oid FROM owner) OR r.rolsuper OR r.rolbypassrls)""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ),
    "a definer function that a group role may execute asks who is calling": Rule(
        r"""SELECT DISTINCT full_name FROM fn, groups
            WHERE prosecdef AND has_function_privilege(groups.oid, fn.oid, 'EXECUTE')
              AND body !~ '\magentry\._(actor|caller|me)\('""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';"
        "GRANT EXECUTE ON FUNCTION agentry.offender() TO agentry_agent",
        {
            "agentry._is_erasing": "asks about this transaction, whoever is calling",
            "agentry._identity": "it is what _me() rests on, and tells the caller about nobody but itself",
            "agentry.login": "here nobody is anybody yet; it asks for a key",
            "agentry.logout": "ends the session that is bound here and no other",
            "agentry.set_password": "asks by _user_of_password(), which calls _caller()",
            "agentry.verify_password": "asks by _user_of_password(), which calls _caller()",
            "agentry_memory.recall": "asks by _recall_scope(), which calls _caller()",
            "agentry_memory.explain_recall": "asks by _recall_scope(), which calls _caller()",
            **{f"agentry_memory.{name}": "asks by _reading_as(), which calls _actor() or _caller()"
               for name in ("link_memories", "mark_recalled", "unlink_memories")},
            **{f"agentry_memory.{name}": "asks by _reading_as(), which calls _actor() or _caller()"
               for name in ("add_evidence", "concept_history", "deprecate_concept", "promote_view", "promotion_verdict",
                            "reject_view", "undo_consolidation", "validate_view", "withdraw_evidence")},
        },
    ),
    "trigger functions are internal, and no role but the owner may execute them": Rule(
        """SELECT signature FROM fn
           WHERE prorettype = 'trigger'::regtype
             AND (proname NOT LIKE '\\_%'
                  OR EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) AS x
                             WHERE x.grantee <> proowner))""",
        "CREATE FUNCTION agentry._offender() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ),
    "a function that turns off a kind of plan turns off JIT too": Rule(
        # before PostgreSQL 18 such a plan costs 1e10 where there is no other, and is compiled, which takes 0.1 to 1 s
        r"""SELECT signature FROM fn
            WHERE EXISTS (SELECT FROM unnest(proconfig) AS c WHERE c LIKE 'enable\_%=off')
              AND NOT 'jit=off' = ANY (proconfig)""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp"
        " SET enable_seqscan = off AS 'BEGIN RETURN 1; END'",
    ),
    # -- volatility ---------------------------------------------------------------------------------------------------
    "a function that writes, locks or asks the clock is VOLATILE": Rule(
        r"""SELECT signature FROM fn
            WHERE provolatile <> 'v'
              AND body ~* ('\m(INSERT INTO|UPDATE [a-z_]+\.|DELETE FROM|FOR (NO KEY )?(UPDATE|SHARE)|nextval|setval'
                           '|set_config|pg_notify|random|gen_random_uuid|clock_timestamp'
                           '|pg_[a-z_]*advisory[a-z_]*)\M')""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE plpgsql STABLE"
        " AS 'BEGIN DELETE FROM agentry.metrics; RETURN 1; END'",
    ),
    "an IMMUTABLE function reads no table, setting or clock": Rule(
        r"""SELECT signature FROM fn
            WHERE provolatile = 'i'
              AND body ~* ('\m((FROM|JOIN) (agentry|pg_)[a-z_]*\.?[a-z_]*'
                           '|current_setting|current_user|session_user|now)\M')""",
        "CREATE FUNCTION agentry.offender() RETURNS bigint LANGUAGE sql IMMUTABLE"
        " AS 'SELECT count(*) FROM agentry.agents'",
        {"agentry_memory._terms(regconfig,bigint,text,text[],integer)": "unnest() is no table"},
    ),
    "a function promises no more than the functions of ours that it calls": Rule(
        # IMMUTABLE calls IMMUTABLE; PARALLEL SAFE calls SAFE, RESTRICTED calls no UNSAFE one
        r"""SELECT f.signature || ' calls ' || g.signature
            FROM fn AS f
            JOIN fn AS g ON f.oid <> g.oid AND f.body ~ ('\m' || g.nspname || '\.' || g.proname || '\(')
            WHERE f.provolatile = 'i' AND g.provolatile <> 'i'
               OR f.proparallel = 's' AND g.proparallel <> 's'
               OR f.proparallel = 'r' AND g.proparallel = 'u'""",
        "CREATE FUNCTION agentry.offender() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE"
        " AS 'SELECT agentry.current_agent()'",
    ),
    # -- columns ------------------------------------------------------------------------------------------------------
    "no column has a type that pg_upgrade cannot carry along": Rule(
        """SELECT rel.full_name || '.' || a.attname
           FROM rel JOIN pg_attribute AS a ON a.attrelid = rel.oid AND a.attnum > 0
           WHERE rel.relkind IN ('r', 'p')
             AND a.atttypid IN ('regproc'::regtype, 'regprocedure'::regtype, 'regoper'::regtype, 'regoperator'::regtype,
                                'regconfig'::regtype, 'regdictionary'::regtype, 'regcollation'::regtype,
                                'regnamespace'::regtype)""",
        "CREATE TABLE agentry.offender (org_id uuid, function regprocedure)",
    ),
    # -- comments -----------------------------------------------------------------------------------------------------
    "every table and view has a comment": Rule(
        """SELECT full_name FROM rel
           WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition
             AND coalesce(btrim(obj_description(oid, 'pg_class'), E' \\n'), '') = ''""",
        "CREATE VIEW agentry.offender AS SELECT 1 AS one",
    ),
    "every column of a table or view has a comment": Rule(
        "SELECT full_name FROM col WHERE coalesce(btrim(col_description(attrelid, attnum)), '') = ''",
        "ALTER TABLE agentry.agents ADD COLUMN offender text",
    ),
    "every CHECK of a table whose rules a function explains, or that has such a comment, says what is allowed": Rule(
        r"""SELECT tbl.full_name || ': ' || k.conname FROM tbl JOIN pg_constraint AS k ON k.conrelid = tbl.oid
            WHERE k.contype = 'c' AND coalesce(btrim(obj_description(k.oid, 'pg_constraint')), '') = ''
              AND tbl.full_name IN (
                  SELECT m.found[1]
                  FROM fn, regexp_matches(body, '(?:INSERT INTO|UPDATE) (agentry\w*\.\w+)', 'g') AS m (found)
                  WHERE body LIKE '%agentry._refuse_value(%'
                  UNION
                  SELECT t.full_name
                  FROM tbl AS t
                  JOIN pg_constraint AS o ON o.conrelid = t.oid AND o.contype = 'c'
                  WHERE obj_description(o.oid, 'pg_constraint') <> '')""",
        "ALTER TABLE agentry.agents ADD CONSTRAINT offender CHECK (name <> 'offender')",
    ),
    "every schema and type has a comment": Rule(
        """SELECT ns.nspname || '.' || t.typname FROM pg_type AS t JOIN ns ON ns.oid = t.typnamespace
           LEFT JOIN pg_class AS c ON c.oid = t.typrelid
           WHERE (t.typtype IN ('d', 'e', 'r', 'm') OR c.relkind = 'c')
             AND obj_description(t.oid, 'pg_type') IS NULL""",
        "CREATE DOMAIN agentry.offender AS text",
    ),
    "the comment of a guarded table says who reads and who writes it": Rule(
        r"""SELECT full_name FROM tbl
            WHERE coalesce(obj_description(oid, 'pg_class'), '') !~ '\nREAD: .+\.\nWRITE: .+\.$'""",
        TABLE + "COMMENT ON TABLE agentry.offender IS 'No word about access.'",
    ),
    # -- keys and tenancy ---------------------------------------------------------------------------------------------
    "every foreign key is indexed by its columns, which come first": Rule(
        """SELECT k.conname || ' on ' || tbl.full_name
           FROM pg_constraint AS k JOIN tbl ON tbl.oid = k.conrelid
           WHERE k.contype = 'f' AND NOT EXISTS (
               SELECT FROM pg_index AS i
               WHERE i.indrelid = k.conrelid AND i.indisvalid
                 AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
                 -- a partial index serves when it leaves out no row but those that refer to nothing
                 AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = ANY (ARRAY(
                          SELECT format('(%I IS NOT NULL)', a.attname) FROM pg_attribute AS a
                          WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)))))""",
        "ALTER TABLE agentry.metrics"
        " ADD CONSTRAINT offender FOREIGN KEY (unit) REFERENCES agentry.setting_types (name) NOT VALID",
    ),
    "every index is valid": Rule(
        """SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN rel ON rel.oid = i.indrelid
           WHERE NOT i.indisvalid""",
        "CREATE INDEX offender ON agentry.metrics (unit);"
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'agentry.offender'::regclass",
    ),
    "every table has a primary key": Rule(
        """SELECT full_name FROM tbl WHERE NOT EXISTS (
               SELECT FROM pg_constraint AS k WHERE k.conrelid = tbl.oid AND k.contype = 'p')""",
        "CREATE TABLE agentry.offender (id integer)",
    ),
    "a table has org_id, or stands in the list of those that belong to no organisation": Rule(
        "SELECT full_name FROM tbl WHERE org IS NULL",
        "CREATE TABLE agentry.offender (id integer)",
        {
            "agentry.organizations": "its id is what org_id refers to",
            "agentry.secrets": "of the database",
            **dict.fromkeys(
                (f"agentry.{name}" for name in (
                    "installed_modules", "guarded_tables", "access_rules", "setting_types", "personal_data",
                    "retention_rules", "partition_hooks", "partition_policies", "health_checks", "metrics",
                    "maintenance_steps", "tools",
                )),
                "a registry of the database, about tables and functions",
            ),
            "agentry_memory.memory_link_kinds": "a registry of the database, about tables",
            "agentry_memory.memory_sources": "a registry of the database, about tables",
            "agentry_memory.embedding_models": "a registry of the database: indexes stand on it",
            "agentry_memory.recall_presets": "a registry of the database: formulas",
        },
    ),
    "org_id is uuid NOT NULL": Rule(
        "SELECT full_name FROM tbl WHERE org IS NOT NULL AND (org_type <> 'uuid'::regtype OR NOT org_not_null)",
        "CREATE TABLE agentry.offender (org_id uuid)",
    ),
    "org_id has the default of the house": Rule(
        """SELECT full_name FROM tbl
           WHERE org IS NOT NULL AND (
               SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d WHERE d.adrelid = tbl.oid AND d.adnum = org
           ) IS DISTINCT FROM 'COALESCE((NULLIF(current_setting(''agentry.org_id''::text, true), ''''::text))::uuid, '
                              'agentry.current_org_id())'""",
        TABLE,
    ),
    "org_id is first in every primary key, unique constraint and unique index": Rule(
        """SELECT i.indexrelid::regclass::text
           FROM pg_index AS i JOIN tbl ON tbl.oid = i.indrelid
           WHERE i.indisunique AND tbl.org IS NOT NULL AND i.indkey[0] <> tbl.org
           UNION ALL  -- those of the organisations themselves, but for their primary key
           SELECT i.indexrelid::regclass::text FROM pg_index AS i
           WHERE i.indrelid = 'agentry.organizations'::regclass AND i.indisunique AND NOT i.indisprimary""",
        "CREATE UNIQUE INDEX offender ON agentry.agents (nickname)",
        {
            "agentry.organizations_name_key": "names of organisations are unique across all",
            "agentry.organizations_is_default_key": "one organisation is the default",
            "agentry.users_email_key": "looked up before the organisation is known",
            "agentry.agents_db_role_key": "looked up before the organisation is known",
            "agentry.service_roles_db_role_key": "looked up before the organisation is known",
            "agentry.api_keys_key_hash_key": "looked up before the organisation is known",
            "agentry.login_sessions_token_hash_key": "looked up before the organisation is known",
        },
    ),
    "a foreign key between tables of organisations begins with org_id on both sides": Rule(
        """SELECT k.conname || ' on ' || tbl.full_name
           FROM pg_constraint AS k
           JOIN tbl ON tbl.oid = k.conrelid
           JOIN tbl AS other ON other.oid = k.confrelid
           WHERE k.contype = 'f' AND tbl.org IS NOT NULL
             AND CASE WHEN other.org IS NOT NULL THEN k.conkey[1] <> tbl.org OR k.confkey[1] <> other.org
                      WHEN other.full_name = 'agentry.organizations' THEN k.conkey <> ARRAY[tbl.org] END""",
        "CREATE UNIQUE INDEX other ON agentry.agents (id);"
        "ALTER TABLE agentry.api_keys ADD CONSTRAINT offender FOREIGN KEY (agent_id) REFERENCES agentry.agents (id)",
    ),
    "a table of no organisation refers to none": Rule(
        """SELECT k.conname || ' on ' || tbl.full_name
           FROM pg_constraint AS k
           JOIN tbl ON tbl.oid = k.conrelid
           JOIN tbl AS other ON other.oid = k.confrelid
           WHERE k.contype = 'f' AND tbl.org IS NULL
             AND (other.org IS NOT NULL OR other.full_name = 'agentry.organizations')""",
        "ALTER TABLE agentry.metrics ADD COLUMN o uuid CONSTRAINT offender REFERENCES agentry.organizations (id)",
    ),
    "every constraint is validated": Rule(
        "SELECT k.conname FROM pg_constraint AS k JOIN tbl ON tbl.oid = k.conrelid WHERE NOT k.convalidated",
        "ALTER TABLE agentry.metrics ADD CONSTRAINT offender CHECK (unit <> '') NOT VALID",
    ),
    "numbers that the database gives are GENERATED ALWAYS AS IDENTITY": Rule(
        """SELECT col.full_name FROM col
           LEFT JOIN pg_attrdef AS d ON d.adrelid = col.attrelid AND d.adnum = col.attnum
           WHERE col.attidentity = 'd' OR pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval%'""",
        "ALTER TABLE agentry.metrics ADD COLUMN offender bigserial",
    ),
    "constraints and indexes are named after their table and what they are": Rule(
        """SELECT o.name FROM (
               SELECT k.conname AS name, tbl.relname, CASE k.contype
                          WHEN 'p' THEN 'pkey' WHEN 'u' THEN 'key' WHEN 'f' THEN 'fkey' ELSE 'check' END AS kind
               FROM pg_constraint AS k JOIN tbl ON tbl.oid = k.conrelid
               -- a key into a monthly table has others below it, one a month
               WHERE k.contype IN ('p', 'u', 'f', 'c') AND k.conparentid = 0
               UNION ALL
               SELECT c.relname, tbl.relname,
                      CASE WHEN i.indisprimary THEN 'pkey' WHEN i.indisunique THEN 'key' ELSE 'idx' END
               FROM pg_index AS i JOIN tbl ON tbl.oid = i.indrelid JOIN pg_class AS c ON c.oid = i.indexrelid
           ) AS o
           WHERE NOT starts_with(o.name, o.relname || '_') OR right(o.name, length(o.kind) + 1) <> '_' || o.kind""",
        "ALTER TABLE agentry.metrics ADD CONSTRAINT offender CHECK (unit <> '')",
        dict.fromkeys(
            ("chk_confidence_range", "chk_content_or_encrypted", "chk_quantity_positive", "uq_event_per_memory"),
            "the name that its document gives it, by which clients know the error",
        ),
    ),
    "columns are of the types of the house: timestamptz, text, jsonb, not their lesser kin": Rule(
        """SELECT col.full_name || ' ' || format_type(atttypid, atttypmod) FROM col
           JOIN pg_type AS t ON t.oid = atttypid LEFT JOIN pg_type AS el ON el.oid = t.typelem AND t.typcategory = 'A'
           WHERE coalesce(el.typname, t.typname)
                     IN ('timestamp', 'timetz', 'varchar', 'bpchar', 'char', 'json', 'money', 'oid', 'xml', 'unknown')
              OR atttypmod <> -1 AND t.typname <> 'vector'""",
        "ALTER TABLE agentry.metrics ADD COLUMN offender timestamp",
    ),
    "every sequence belongs to an identity column": Rule(
        """SELECT full_name FROM rel WHERE relkind = 'S' AND NOT EXISTS (
               SELECT FROM pg_depend AS d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = rel.oid
                 AND d.deptype = 'i' AND d.refobjsubid > 0)""",
        "CREATE SEQUENCE agentry.offender",
    ),
    "every table survives a crash": Rule(
        "SELECT full_name FROM tbl WHERE relpersistence <> 'p'",
        "CREATE UNLOGGED TABLE agentry.offender (id integer)",
        {
            "agentry_chat.agent_chat_bounds": "after a crash no snapshot is held",
            "agentry_chat.agent_chat_told": "after a crash nobody has been told, and nobody listens",
        },
    ),
    # -- guards -------------------------------------------------------------------------------------------------------
    "every table is guarded": Rule(
        "SELECT full_name FROM tbl WHERE oid NOT IN (SELECT g.table_name FROM agentry.guarded_tables AS g)",
        TABLE,
    ),
    "every table of organisations has row-level security": Rule(
        """SELECT full_name FROM tbl
           WHERE NOT relrowsecurity AND (org IS NOT NULL OR full_name = 'agentry.organizations')""",
        TABLE,
    ),
    "row-level security is never forced": Rule(
        "SELECT full_name FROM rel WHERE relforcerowsecurity",
        TABLE + "ALTER TABLE agentry.offender FORCE ROW LEVEL SECURITY",
    ),
    "a table with row-level security has a policy a command, or is readable by nobody": Rule(
        """SELECT full_name FROM tbl
           WHERE relrowsecurity
             AND (SELECT string_agg(p.polcmd::text, '' ORDER BY p.polcmd::text COLLATE "C")
                  FROM pg_policy AS p WHERE p.polrelid = tbl.oid) IS DISTINCT FROM 'adrw'
             AND NOT EXISTS (SELECT FROM agentry.guarded_tables AS g
                             WHERE g.table_name = tbl.oid AND g.visible_to = 'nobody')""",
        TABLE + "ALTER TABLE agentry.offender ENABLE ROW LEVEL SECURITY",
    ),
    "every policy compares the organisation": Rule(
        r"""SELECT p.polname || ' on ' || tbl.full_name
            FROM pg_policy AS p JOIN tbl ON tbl.oid = p.polrelid, (VALUES (
                -- alone, or the first part of an AND that is the whole
                '^\({1,2}(org_id|id) = \( SELECT agentry\.current_org_id\(\) AS current_org_id\)\)($|\sAND\s)'
            )) AS e (own)
            WHERE NOT p.polpermissive
               OR pg_get_expr(p.polqual, p.polrelid) !~ e.own
               OR pg_get_expr(p.polwithcheck, p.polrelid) !~ e.own""",
        "CREATE POLICY offender ON agentry.agents USING (status = 'active')",
    ),
    "a policy calls functions once a statement, not once a row": Rule(
        r"""SELECT p.polname || ' on ' || tbl.full_name
            FROM pg_policy AS p JOIN tbl ON tbl.oid = p.polrelid,
                 unnest(ARRAY[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)]) AS e (text)
            WHERE regexp_replace(e.text, $$\( SELECT agentry\w*\.\w+\(('[^']*'::\w+(, )?)*\) AS \w+\)$$, '', 'g')
                      ~ '\magentry\w*\.\w+\('""",
        "CREATE POLICY offender ON agentry.agents USING (org_id = agentry.current_org_id())",
    ),
    "a view calls current_...() once a statement, not once a row": Rule(
        r"""SELECT full_name FROM rel
            WHERE relkind = 'v'
              AND regexp_replace(pg_get_viewdef(oid), '\( SELECT agentry\.\w+\(\) AS \w+\)', '', 'g')
                      ~ '\magentry\.(current_\w+|sees_organisation|_me)\('""",
        "CREATE VIEW agentry.offender WITH (security_invoker = true) AS"
        " SELECT name FROM agentry.agents WHERE org_id = agentry.current_org_id()",
    ),
    "every view is security_invoker": Rule(
        """SELECT full_name FROM rel
           WHERE relkind = 'm' OR relkind = 'v' AND NOT coalesce(reloptions, '{}') @> '{security_invoker=true}'""",
        "CREATE VIEW agentry.offender AS SELECT name FROM agentry.agents",
    ),
    "every guarded table refuses by trigger what its access rules do not allow": Rule(
        # tgtype 30: BEFORE, a statement, INSERT or DELETE or UPDATE
        """SELECT full_name FROM tbl WHERE NOT EXISTS (
               SELECT FROM pg_trigger AS t
               WHERE t.tgrelid = tbl.oid AND t.tgfoid = 'agentry._enforce_access'::regproc AND t.tgenabled = 'O'
                 AND t.tgtype = 30
                 AND (t.tgqual IS NULL
                      OR tbl.relrowsecurity AND pg_get_triggerdef(t.oid) LIKE format(
                          '%% WHEN (row_security_active((%L::regclass)::oid)) EXECUTE %%', tbl.full_name)))""",
        TABLE,
    ),
    "updated_at is kept by trigger wherever it is": Rule(
        """SELECT col.full_name FROM col JOIN tbl ON tbl.oid = col.attrelid
           WHERE col.attname = 'updated_at' AND NOT EXISTS (
               SELECT FROM pg_trigger AS t
               WHERE t.tgrelid = tbl.oid AND t.tgfoid = 'agentry._set_updated_at'::regproc AND t.tgenabled = 'O')""",
        "CREATE TABLE agentry.offender (updated_at timestamptz)",
    ),
    "no trigger is disabled": Rule(
        "SELECT t.tgname FROM pg_trigger AS t JOIN rel ON rel.oid = t.tgrelid WHERE t.tgenabled <> 'O'",
        "CREATE TRIGGER offender BEFORE UPDATE ON agentry.metrics"
        " FOR EACH ROW EXECUTE FUNCTION agentry._set_updated_at();"
        "ALTER TABLE agentry.metrics DISABLE TRIGGER offender",
    ),
    "the name of a trigger says which table it is on, or that guard_table() or its like made it": Rule(
        r"""SELECT t.tgname || ' on ' || rel.full_name
            FROM pg_trigger AS t JOIN rel ON rel.oid = t.tgrelid
            WHERE NOT t.tgisinternal
              AND t.tgparentid = 0  -- of a partition, as on its table
              AND NOT starts_with(t.tgname, rel.relname || '_') AND t.tgname !~ '^(agentry_[0-9]{2}|zz_agentry)_'""",
        "CREATE TRIGGER offender BEFORE UPDATE ON agentry.metrics"
        " FOR EACH ROW EXECUTE FUNCTION agentry._set_updated_at()",
    ),
    "the function of a trigger is called after the trigger, and its comment says what for": Rule(
        r"""SELECT t.tgname || ' on ' || rel.full_name
            FROM pg_trigger AS t JOIN rel ON rel.oid = t.tgrelid JOIN fn ON fn.oid = t.tgfoid
            WHERE NOT t.tgisinternal
              AND CASE WHEN t.tgname ~ '^(agentry_[0-9]{2}|zz_agentry)_'
                       THEN obj_description(fn.oid, 'pg_proc')
                                !~ 'set by ((guard_table|register_source|_register_link_kind)\(\)|the partition engine)'
                       ELSE fn.proname <> '_' || t.tgname END""",
        "CREATE TRIGGER metrics_offender BEFORE UPDATE ON agentry.metrics"
        " FOR EACH ROW EXECUTE FUNCTION agentry._set_updated_at()",
        {
            f"{table}_immutable{kind} on agentry.{table}": "one function for the audit log, its images, and TRUNCATE"
            for table in ("audit_log", "audit_images") for kind in ("", "_truncate")
        },
    ),
    "every trigger function is on a table": Rule(
        """SELECT signature FROM fn
           WHERE prorettype = 'trigger'::regtype AND oid NOT IN (SELECT t.tgfoid FROM pg_trigger AS t)""",
        "CREATE FUNCTION agentry._offender() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        {
            "agentry._refuse_locked()": "guard_table() sets it on tables with a column locked",
        },
    ),
    # -- what belongs to whom -----------------------------------------------------------------------------------------
    "schemas, functions, relations and types belong to one owner, who is no superuser": Rule(
        """SELECT o.name FROM (
               SELECT nspname AS name, nspowner AS owner FROM ns
               UNION ALL SELECT signature, proowner FROM fn
               UNION ALL SELECT full_name, relowner FROM rel
               UNION ALL SELECT t.oid::regtype::text, t.typowner FROM pg_type AS t JOIN ns ON ns.oid = t.typnamespace
           ) AS o, owner
           WHERE o.owner <> owner.oid OR owner.rolsuper""",
        TABLE,
    ),
    "there are no enumerations, domains or free-standing types, so that no type belongs to an extension": Rule(
        """SELECT t.oid::regtype::text FROM pg_type AS t JOIN ns ON ns.oid = t.typnamespace
           LEFT JOIN pg_class AS c ON c.oid = t.typrelid
           WHERE t.typtype IN ('d', 'e', 'r', 'm') OR c.relkind = 'c'""",
        "CREATE TYPE agentry.offender AS ENUM ('a', 'b')",
    ),
    "an extension holds functions and nothing else": Rule(
        """SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
           FROM pg_depend AS d
           JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
           WHERE d.deptype = 'e' AND e.extname ~ '^agentry(_[a-z]+)?$' AND d.classid <> 'pg_proc'::regclass""",
        TABLE + "ALTER EXTENSION agentry ADD TABLE agentry.offender",
    ),
    "the schemas hold tables, views, sequences, indexes and functions, and nothing else": Rule(
        """SELECT o.name FROM (
               SELECT full_name AS name FROM rel WHERE relkind NOT IN ('r', 'p', 'v', 'S', 'i', 'I', 'c', 't')
               UNION ALL SELECT c.collname FROM pg_collation AS c JOIN ns ON ns.oid = c.collnamespace
               UNION ALL SELECT p.oprname FROM pg_operator AS p JOIN ns ON ns.oid = p.oprnamespace
               UNION ALL SELECT w.rulename FROM pg_rewrite AS w JOIN rel ON rel.oid = w.ev_class
                         WHERE w.rulename <> '_RETURN'
           ) AS o""",
        "CREATE MATERIALIZED VIEW agentry.offender AS SELECT 1 AS one",
    ),
    # -- privileges ---------------------------------------------------------------------------------------------------
    "PUBLIC has no privilege on anything": Rule(
        """SELECT o.name FROM (
               SELECT nspname AS name, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM ns
               UNION ALL SELECT signature, coalesce(proacl, acldefault('f', proowner)) FROM fn
               UNION ALL SELECT full_name, relacl FROM rel
               UNION ALL SELECT full_name, attacl FROM col
           ) AS o, aclexplode(o.acl) AS x
           WHERE x.grantee = 0""",
        TABLE + "GRANT SELECT (id) ON agentry.offender TO PUBLIC",
    ),
    "no default privileges stand in the schemas": Rule(
        "SELECT ns.nspname FROM pg_default_acl AS d JOIN ns ON ns.oid = d.defaclnamespace",
        "CREATE SCHEMA agentry_offender;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA agentry_offender GRANT SELECT ON TABLES TO PUBLIC",
    ),
    "group roles use the schemas and create nothing there": Rule(
        """SELECT ns.nspname || ': ' || groups.rolname FROM ns, groups
           WHERE has_schema_privilege(groups.oid, ns.oid, 'CREATE')""",
        "CREATE SCHEMA agentry_offender; GRANT CREATE ON SCHEMA agentry_offender TO agentry_app",
    ),
    "group roles have no privilege beyond SELECT, INSERT, UPDATE, DELETE, and pass none on": Rule(
        """SELECT rel.full_name || ': ' || x.privilege_type
           FROM rel, aclexplode(rel.relacl) AS x JOIN groups ON groups.oid = x.grantee
           WHERE x.is_grantable OR x.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')""",
        TABLE + "GRANT TRUNCATE ON agentry.offender TO agentry_app",
    ),
    "readers write nothing": Rule(
        """SELECT rel.full_name || ': ' || x.privilege_type
           FROM rel, aclexplode(rel.relacl) AS x
           WHERE x.grantee = 'agentry_reader'::regrole AND x.privilege_type <> 'SELECT'""",
        TABLE + "GRANT UPDATE ON agentry.offender TO agentry_reader",
    ),
    "group roles write only tables with row-level security": Rule(
        """SELECT rel.full_name FROM rel, aclexplode(rel.relacl) AS x JOIN groups ON groups.oid = x.grantee
           WHERE x.privilege_type <> 'SELECT' AND (rel.relkind NOT IN ('r', 'p') OR NOT rel.relrowsecurity)""",
        TABLE + "GRANT UPDATE ON agentry.offender TO agentry_app",
        {
            f"agentry_memory.{view}": "its INSTEAD OF trigger writes a table with the rights of the caller"
            for view in ("agent_metacognition", "agent_reflections")
        },
    ),
    "group roles have no right on a sequence": Rule(
        """SELECT rel.full_name || ': ' || groups.rolname FROM rel, groups
           WHERE rel.relkind = 'S' AND has_sequence_privilege(groups.oid, rel.oid, 'USAGE, SELECT, UPDATE')""",
        "CREATE SEQUENCE agentry.offender; GRANT USAGE ON SEQUENCE agentry.offender TO agentry_app",
    ),
    "nobody but the owner has a right on a partition": Rule(
        """SELECT rel.full_name FROM rel, aclexplode(rel.relacl) AS x
           WHERE rel.relispartition AND x.grantee <> rel.relowner
           UNION ALL
           SELECT rel.full_name FROM rel JOIN pg_attribute AS a ON a.attrelid = rel.oid, aclexplode(a.attacl) AS x
           WHERE rel.relispartition""",
        "CREATE TABLE agentry.parent (id integer) PARTITION BY LIST (id);"
        "CREATE TABLE agentry.offender PARTITION OF agentry.parent FOR VALUES IN (1);"
        "GRANT SELECT ON agentry.offender TO agentry_app",
    ),
    "group roles have no right on tables that nobody may see": Rule(
        """SELECT rel.full_name FROM rel JOIN agentry.guarded_tables AS g ON g.table_name = rel.oid, groups
           WHERE g.visible_to = 'nobody'
             AND (has_table_privilege(groups.oid, rel.oid,
                                      'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                  OR has_any_column_privilege(groups.oid, rel.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))""",
        TABLE + "INSERT INTO agentry.guarded_tables (table_name, description, visible_to)"
        " VALUES ('agentry.offender', '', 'nobody'); GRANT INSERT (id) ON agentry.offender TO agentry_app",
    ),
    "secrets, sessions and notes of notifications are tables that nobody may see": Rule(
        """SELECT t.name FROM unnest(ARRAY['agentry.secrets', 'agentry.login_sessions', 'agentry_chat.agent_chat_told'])
               AS t (name)
           WHERE NOT EXISTS (SELECT FROM agentry.guarded_tables AS g
                             WHERE g.table_name = to_regclass(t.name) AND g.visible_to = 'nobody')""",
        "UPDATE agentry.guarded_tables SET visible_to = 'everyone' WHERE table_name = 'agentry.secrets'::regclass;"
        "ALTER TABLE agentry.secrets RENAME TO offender",
    ),
    "no group role reads a hash": Rule(
        """SELECT col.full_name || ': ' || groups.rolname FROM col, groups
           WHERE col.attname ~ 'hash'
             AND has_column_privilege(groups.oid, col.attrelid, col.attnum, 'SELECT, REFERENCES')""",
        "ALTER TABLE agentry.metrics ADD COLUMN offender_hash text;"
        "GRANT SELECT (offender_hash) ON agentry.metrics TO agentry_app",
        {
            f"agentry.audit_log.hash: {role}": "proves the log, and opens nothing"
            for role in ("agentry_app", "agentry_agent", "agentry_reader")
        }
        | {
            f"agentry_memory.{table}.content_hash: {role}": "of a text that is read by the same policy"
            for table in ("memory_entries", "memory_vectors")
            for role in ("agentry_app", "agentry_agent", "agentry_reader")
        },
    ),
    "group roles execute no public function that is for administrators": Rule(
        """SELECT fn.full_name || ': ' || groups.rolname FROM fn, groups
           WHERE fn.full_name IN ('agentry.install', 'agentry.guard_table', 'agentry.delete_organization',
                                  'agentry.register_personal_data', 'agentry.offender')
             AND has_function_privilege(groups.oid, fn.oid, 'EXECUTE')""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ),
    "group roles execute every other public function": Rule(
        r"""SELECT DISTINCT fn.full_name FROM fn, groups
            WHERE fn.proname NOT LIKE '\_%' AND NOT has_function_privilege(groups.oid, fn.oid, 'EXECUTE')""",
        "CREATE FUNCTION agentry.offender() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
        "REVOKE EXECUTE ON FUNCTION agentry.offender() FROM PUBLIC",
        {
            "agentry.guard_table": "for owners of tables",
            **dict.fromkeys((f"agentry.{name}" for name in ADMIN_FUNCTIONS), "for administrators"),
            **dict.fromkeys(("agentry_chat.expire_agent_chat", "agentry_chat.expire_agent_messages"), "maintenance"),
            **dict.fromkeys(
                (f"agentry_memory.{name}" for name in (
                    "drop_embedding_model", "rebuild_embedding_index", "register_embedding_model",
                    "register_source", "unregister_source",
                )),
                "for administrators",
            ),
            "agentry_memory.expire_memories": "maintenance",
            "agentry_memory.expire_views": "maintenance",
        },
    ),
    "group roles read every view, and every table but those that nobody may see": Rule(
        """SELECT rel.full_name || ': ' || groups.rolname
           FROM rel LEFT JOIN agentry.guarded_tables AS g ON g.table_name = rel.oid, groups
           WHERE rel.relkind IN ('r', 'p', 'v') AND NOT rel.relispartition AND g.visible_to IS DISTINCT FROM 'nobody'
             AND NOT has_any_column_privilege(groups.oid, rel.oid, 'SELECT')""",
        "CREATE VIEW agentry.offender AS SELECT 1 AS one",
    ),
    "group roles execute the public functions and those internal ones that stand in a list": Rule(
        r"""SELECT DISTINCT fn.full_name FROM fn, groups
            WHERE fn.proname LIKE '\_%' AND has_function_privilege(groups.oid, fn.oid, 'EXECUTE')""",
        "CREATE FUNCTION agentry._offender() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        {
            f"agentry.{name}": "functions that run as the caller, policies, defaults, views or triggers call it"
            for name in (
                "_acting_role", "_actor", "_caller", "_clock", "_closest", "_closest_agent", "_describe_rules",
                "_identity", "_is_erasing", "_is_owner", "_is_restricted", "_me", "_modules",
                "_refuse_unknown_agent", "_refuse_value", "_resolve_agent", "_resolve_user", "_setting",
                "_setting_in_range", "_source_version", "_subject",
            )
        }
        | {
            f"agentry_memory.{name}": "functions that run as the caller, or views, call it"
            for name in (
                "_agent_name", "_check_given", "_fetch_archived", "_fetch_query", "_has_row", "_link_contents",
                "_memory_access", "_metacognition_content", "_refuse_memory", "_source", "_texts",
            )
        },
    ),
    "group roles and owner cannot log in and have no attribute of power": Rule(
        """SELECT r.rolname FROM pg_roles AS r
           WHERE (r.oid IN (SELECT oid FROM groups) OR r.rolname = 'agentry_owner' OR r.rolname ~ '^agentry_offender')
             AND (r.rolcanlogin OR r.rolsuper OR r.rolbypassrls
                  OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication)""",
        "CREATE ROLE agentry_offender LOGIN",
    ),
    "group roles are members of nothing": Rule(
        """SELECT m.member::regrole::text || ' in ' || m.roleid::regrole
           FROM pg_auth_members AS m WHERE m.member IN (SELECT oid FROM groups)""",
        "CREATE ROLE offender; GRANT offender TO agentry_app",
    ),
}
