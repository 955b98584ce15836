-- _wake_class(n) -> integer: class of the advisory locks; 1: senders in their commit, 2: the one of them that tells
CREATE OR REPLACE FUNCTION agentry_chat._wake_class(p_n integer)
RETURNS integer
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $_wake_class$
    SELECT hashtext('agentry_chat.wake') + p_n
$_wake_class$;

COMMENT ON FUNCTION agentry_chat._wake_class(integer) IS 'Class of the advisory locks of wake-ups.';
