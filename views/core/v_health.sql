CREATE OR REPLACE VIEW agentry.v_health
WITH (security_invoker = true) AS
SELECT h.name, h.status, h.detail, c.description
FROM agentry.health() AS h
JOIN agentry.health_checks AS c USING (name)
ORDER BY array_position('{critical,warning,ok}'::text[], h.status), h.name;

COMMENT ON VIEW agentry.v_health IS 'The health of this database, what is worst first.';
COMMENT ON COLUMN agentry.v_health.name IS 'Name of the check.';
COMMENT ON COLUMN agentry.v_health.status IS 'ok, warning or critical.';
COMMENT ON COLUMN agentry.v_health.detail IS 'What was found.';
COMMENT ON COLUMN agentry.v_health.description IS 'What the check looks at, and what to do.';
