-- Privileges of the group roles on memory.
SELECT agentry._grant_module('agentry_memory',
    p_internal => '{_agent_name,_check_given,_fetch_archived,_fetch_query,_has_row,_link_contents,_memory_access,
                     _metacognition_content,_refuse_memory,_source,_texts}',
    p_admin    => '{drop_embedding_model,expire_memories,rebuild_embedding_index,register_embedding_model,
                    register_source,unregister_source}');
