-- Privileges of the group roles on memory.
SELECT agentry._grant_module('agentry_memory',
    p_internal => '{_fetch_archived,_fetch_query,_has_row,_source}',
    p_admin    => '{drop_embedding_model,rebuild_embedding_index,register_embedding_model,register_source,
                    unregister_source}');
