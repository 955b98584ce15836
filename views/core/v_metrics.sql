CREATE OR REPLACE VIEW agentry.v_metrics
WITH (security_invoker = true) AS
SELECT m.name, m.label, m.value, m.unit, c.description
FROM agentry.metrics() AS m
JOIN agentry.metrics AS c USING (name);

COMMENT ON VIEW agentry.v_metrics IS 'The metrics of this database, over all organisations.';
COMMENT ON COLUMN agentry.v_metrics.name IS 'Name of the metric.';
COMMENT ON COLUMN agentry.v_metrics.label IS 'What the value is of; NULL where the metric has one value only.';
COMMENT ON COLUMN agentry.v_metrics.value IS 'Value.';
COMMENT ON COLUMN agentry.v_metrics.unit IS 'Unit.';
COMMENT ON COLUMN agentry.v_metrics.description IS 'Meaning.';
