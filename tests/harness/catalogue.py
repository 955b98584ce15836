"""The database's objects of agentry as text, by one query: to plan a deploy, to find drift, to compare two ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from tests.harness.paths import ALL_SCHEMAS

Connection = psycopg.Connection[Any]
Key = tuple[str, str]
Snapshot = dict[Key, str]

SCHEMAS = (*ALL_SCHEMAS, "agentry_archive")

#: kinds that differ between the two ways to deploy and nowhere else
MEMBERSHIP = frozenset({"extension", "member", "way"})

# Every row: kind, name, text.  Run with an empty search_path, so that every name is written in full.
QUERY = """
WITH ns AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY (%(schemas)s)
), rel AS (
    SELECT c.*, ns.nspname, format('%%I.%%I', ns.nspname, c.relname) AS full_name
    FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
)
SELECT 'role' AS kind, quote_ident(r.rolname) AS name,
       concat_ws(' ', CASE WHEN r.rolcanlogin THEN 'login' END, CASE WHEN r.rolsuper THEN 'superuser' END,
                 CASE WHEN r.rolbypassrls THEN 'bypassrls' END) AS text
FROM pg_roles r WHERE r.rolname IN ('agentry_owner', 'agentry_app', 'agentry_agent', 'agentry_reader')
UNION ALL
SELECT 'schema', quote_ident(nspname),
       concat_ws(E'\\n', 'owner ' || nspowner::regrole, _acl(nspacl n nspowner), obj_description(oid, 'pg_namespace'))
FROM ns
UNION ALL
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       format('%%I.%%I(%%s)', ns.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
       concat_ws(E'\\n', CASE WHEN p.prokind IN ('f', 'p', 'w') THEN pg_get_functiondef(p.oid) END,
                 'owner ' || p.proowner::regrole, _acl(p.proacl f p.proowner), obj_description(p.oid, 'pg_proc'))
FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace
UNION ALL
SELECT CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
       r.full_name,
       concat_ws(E'\\n', 'owner ' || r.relowner::regrole, _acl(r.relacl r r.relowner),
                 array_to_string(r.reloptions, ','),
                 CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
                 CASE WHEN r.relkind = 'p' THEN 'partition by ' || pg_get_partkeydef(r.oid) END,
                 CASE WHEN r.relispartition THEN 'partition ' || pg_get_expr(r.relpartbound, r.oid) END,
                 CASE WHEN r.relpersistence <> 'p' THEN 'persistence ' || r.relpersistence::text END,
                 CASE WHEN r.relrowsecurity THEN 'row security' END,
                 CASE WHEN r.relforcerowsecurity THEN 'force row security' END,
                 (SELECT format('%%s %%s %%s %%s %%s %%s', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin,
                                s.seqmax, s.seqcycle) FROM pg_sequence s WHERE s.seqrelid = r.oid),
                 obj_description(r.oid, 'pg_class'))
FROM rel r WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT 'column', format('%%s.%%I', r.full_name, a.attname),
       concat_ws(' ', '#' || row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum),
                 format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                 CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
                 CASE WHEN a.attgenerated <> '' THEN 'generated ' || a.attgenerated::text END,
                 pg_get_expr(d.adbin, d.adrelid), 'storage ' || a.attstorage::text,
                 CASE WHEN a.attcompression <> '' THEN 'compression ' || a.attcompression::text END,
                 CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
                 _acl(a.attacl), col_description(r.oid, a.attnum))
FROM rel r
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
SELECT 'index', r.full_name,
       concat_ws(E'\\n', pg_get_indexdef(r.oid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
                 CASE WHEN i.indisreplident THEN 'replica identity' END,
                 CASE WHEN i.indisclustered THEN 'clustered' END, obj_description(r.oid, 'pg_class'))
FROM rel r JOIN pg_index i ON i.indexrelid = r.oid
UNION ALL
SELECT 'constraint', format('%%s: %%I', r.full_name, c.conname),
       concat_ws(E'\\n', pg_get_constraintdef(c.oid), CASE WHEN NOT c.convalidated THEN 'not validated' END,
                 obj_description(c.oid, 'pg_constraint'))
FROM pg_constraint c JOIN rel r ON r.oid = c.conrelid
UNION ALL
SELECT 'trigger', format('%%s: %%I', r.full_name, t.tgname),
       concat_ws(E'\\n', pg_get_triggerdef(t.oid), 'enabled ' || t.tgenabled::text,
                 obj_description(t.oid, 'pg_trigger'))
FROM pg_trigger t JOIN rel r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy', format('%%s: %%I', r.full_name, p.polname),
       concat_ws(E'\\n', p.polcmd::text, CASE WHEN NOT p.polpermissive THEN 'restrictive' END,
                 (SELECT string_agg(CASE WHEN o = 0 THEN 'public' ELSE o::regrole::text END, ', '
                                    ORDER BY o::regrole::text)
                  FROM unnest(p.polroles) AS u (o)),
                 'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid),
                 obj_description(p.oid, 'pg_policy'))
FROM pg_policy p JOIN rel r ON r.oid = p.polrelid
UNION ALL
SELECT 'rule', format('%%s: %%I', r.full_name, w.rulename), pg_get_ruledef(w.oid)
FROM pg_rewrite w JOIN rel r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'statistics', format('%%I.%%I', ns.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace
UNION ALL
SELECT 'type', format('%%I.%%I', ns.nspname, t.typname),
       concat_ws(E'\\n', t.typtype::text, 'owner ' || t.typowner::regrole, _acl(t.typacl T t.typowner),
                 CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, t.typdefault,
                 (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
                  FROM pg_enum e WHERE e.enumtypid = t.oid),
                 (SELECT string_agg(pg_get_constraintdef(c.oid), ',' ORDER BY c.conname)
                  FROM pg_constraint c WHERE c.contypid = t.oid),
                 (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' ORDER BY a.attnum)
                  FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
                 obj_description(t.oid, 'pg_type'))
FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
WHERE t.typtype IN ('d', 'e', 'r', 'm')
   OR (t.typtype = 'c' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c')
UNION ALL
SELECT 'operator', format('%%I.%%s(%%s,%%s)', ns.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype),
       concat_ws(' ', o.oprcode::regprocedure, 'owner ' || o.oprowner::regrole)
FROM pg_operator o JOIN ns ON ns.oid = o.oprnamespace
UNION ALL
SELECT 'cast', format('%%s as %%s', c.castsource::regtype, c.casttarget::regtype),
       f.oid::regprocedure || c.castcontext::text
FROM pg_cast c JOIN pg_proc f ON f.oid = c.castfunc JOIN ns ON ns.oid = f.pronamespace
UNION ALL
SELECT 'event trigger', quote_ident(e.evtname),
       concat_ws(' ', e.evtevent, e.evtfoid::regprocedure, 'enabled ' || e.evtenabled::text,
                 array_to_string(e.evttags, ','))
FROM pg_event_trigger e JOIN pg_proc f ON f.oid = e.evtfoid JOIN ns ON ns.oid = f.pronamespace
UNION ALL
SELECT 'default privileges', format('%%s in %%s for %%s', d.defaclrole::regrole, ns.nspname, d.defaclobjtype),
       _acl(d.defaclacl)
FROM pg_default_acl d JOIN ns ON ns.oid = d.defaclnamespace
UNION ALL
SELECT 'extension', quote_ident(e.extname), e.extversion FROM pg_extension e WHERE e.extname LIKE 'agentry%%'
UNION ALL
SELECT 'member', format('%%s: %%s', e.extname, pg_describe_object(d.classid, d.objid, d.objsubid)), ''
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND e.extname LIKE 'agentry%%'
"""

# Privileges in an order of their own (that of an ACL tells who granted first), the default ones written out.
_ACL = (
    "(SELECT 'acl ' || coalesce(string_agg(format('%%s=%%s%%s by %%s',"
    " CASE WHEN x.grantee = 0 THEN 'public' ELSE x.grantee::regrole::text END, x.privilege_type,"
    " CASE WHEN x.is_grantable THEN '*' ELSE '' END, x.grantor::regrole), ' '"
    " ORDER BY x.grantee::regrole::text, x.privilege_type, x.grantor::regrole::text), 'none')"
    " FROM aclexplode(ACL) AS x)"
)


def _query() -> str:
    """QUERY with each `_acl(column [kind owner])` written out."""
    head, *parts = QUERY.split("_acl(")
    text = head
    for part in parts:
        inside, rest = part.split(")", 1)
        column, *of = inside.split()
        if of:
            kind = (
                f"CASE {column.split('.')[0]}.relkind WHEN 'S' THEN 's' ELSE 'r' END" if of[0] == "r" else f"'{of[0]}'"
            )
            column = f'coalesce({column}, acldefault(({kind})::"char", {of[1]}))'
        text += _ACL.replace("ACL", column) + rest
    return text


def snapshot(conn: Connection) -> Snapshot:
    """(kind, name) -> text of every object of agentry in this database."""
    with conn.transaction():
        row = conn.execute("SELECT current_setting('search_path')").fetchone()
        assert row is not None
        conn.execute("SELECT set_config('search_path', '', true)")
        rows = conn.execute(_query(), {"schemas": list(SCHEMAS)}).fetchall()
        modules: list[Any] = []
        found = conn.execute("SELECT to_regclass('agentry.installed_modules')").fetchone()
        if found and found[0]:
            modules = conn.execute(
                "SELECT 'way', module, way FROM agentry.installed_modules UNION ALL"
                " SELECT 'module', module, concat_ws(' ', version, checksum) FROM agentry.installed_modules"
            ).fetchall()
        conn.execute("SELECT set_config('search_path', %s, true)", [row[0]])
    return {(kind, name): text for kind, name, text in [*rows, *modules]}


def without_membership(snap: Snapshot) -> Snapshot:
    """What must be equal however agentry was deployed."""
    return {key: text for key, text in snap.items() if key[0] not in MEMBERSHIP}


@dataclass(frozen=True)
class Change:
    """One object that two snapshots disagree on."""

    sign: str  # + new, - gone, ~ changed
    kind: str
    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.sign} {self.kind} {self.name}"


def diff(before: Snapshot, after: Snapshot) -> list[Change]:
    """What has to happen to `before` to make it `after`."""
    changes = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old != new:
            sign = "+" if old is None else "-" if new is None else "~"
            changes.append(Change(sign, *key, old, new))
    return changes


def summary(changes: list[Change]) -> list[Change]:
    """The changes without the parts of tables, views and extensions that are new or gone as a whole."""
    wholes = {
        (c.sign, c.name)
        for c in changes
        if c.kind in {"table", "view", "materialized view", "extension"} and c.sign != "~"
    }

    def is_part(change: Change) -> bool:
        if change.kind == "column":
            return (change.sign, change.name.rsplit(".", 1)[0]) in wholes
        if change.kind in {"constraint", "trigger", "policy", "rule", "member"}:
            return (change.sign, change.name.split(": ", 1)[0]) in wholes
        if change.kind in {"index", "sequence"}:  # of a table: their names start with its name
            return any(change.sign == sign and change.name.startswith(f"{name}_") for sign, name in wholes)
        return False

    return [c for c in changes if not is_part(c)]
