-- What the store of raw memories and events registers with core's registries.

INSERT INTO agentry.maintenance_steps (name, call, run_every, units)
VALUES
    ('memory.archive', 'SELECT ''keys into raw memories dropped'' FROM agentry_memory._release_memories($1::regclass)',
     '1 hour',
     'SELECT DISTINCT k.conrelid::regclass::text FROM pg_constraint AS k '
     'JOIN agentry_memory._archive_of(''agentry_memory.event_memories'') AS a (part) ON a.part = k.conrelid '
     'WHERE k.confrelid = ''agentry_memory.raw_memories''::regclass AND k.conparentid = 0')
ON CONFLICT (name) DO UPDATE SET call = excluded.call, units = excluded.units;

INSERT INTO agentry.tools (name, function, description)
SELECT t.name, t.function, obj_description(t.function, 'pg_proc')
FROM (VALUES
    ('remember_raw',
     'agentry_memory.remember_raw(text,text,text,text,text,text,bytea,text,jsonb,text,bigint,timestamptz,text)'
         ::regprocedure),
    ('redact_raw_memory', 'agentry_memory.redact_raw_memory(uuid,text)'::regprocedure),
    ('delete_raw_memory', 'agentry_memory.delete_raw_memory(uuid)'::regprocedure),
    ('record_event',
     'agentry_memory.record_event(uuid,text,text,text,numeric,text,timestamptz,float8,integer,text,text,jsonb)'
         ::regprocedure)
) AS t (name, function)
ON CONFLICT (name) DO UPDATE SET function = excluded.function, description = excluded.description;
