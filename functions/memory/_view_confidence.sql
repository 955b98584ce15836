-- _view_confidence(initial, for, against) -> numeric
-- How sure a view is, from the weights of what speaks for and against it.  What was said of it at first counts as two
-- pieces of evidence, so that there is always something to divide by (a beta distribution's mean; Laplace's rule of
-- succession where it is 0.5).
CREATE OR REPLACE FUNCTION agentry_memory._view_confidence(p_initial real, p_for numeric, p_against numeric)
RETURNS numeric
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $_view_confidence$
    SELECT round((p_for + 2 * p_initial::numeric) / (p_for + p_against + 2), 6)
$_view_confidence$;

COMMENT ON FUNCTION agentry_memory._view_confidence(real, numeric, numeric) IS
    'How sure a view is, from its initial confidence and the weights of what speaks for and against it.';
