-- Privileges of the group roles on memory.
SELECT agentry._grant_module('agentry_memory',
    p_internal => '{_fetch_archived,_fetch_query,_has_row,_source}',
    p_admin    => '{register_source,unregister_source,register_embedding_model}');
