-- Privileges of the group roles on chat.
SELECT agentry._grant_module('agentry_chat', p_admin => '{expire_agent_chat,expire_agent_messages}');
