-- A content that is equal under a weaker replacement is equal under a stronger one; the verdict is that of its comparison.
select source, jobset, system, attr, evaluation_id, content
from core.rebuilds
where (is_same_self_blanked and not is_same_hashes_blanked)
    or (is_same_hashes_blanked and not is_same_names_keyed)
    or (content = 'cutoff' and not is_same_content)
    or (content = 'rewrite-only' and (is_same_content or not is_same_names_keyed))
    or (content = 'changed' and is_same_names_keyed)
    or (content = 'not-finished' and status_class = 'green')
