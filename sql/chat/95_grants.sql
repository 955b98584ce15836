-- Privileges of the group roles on chat.
SELECT agentry._grant_module('agentry_chat');
