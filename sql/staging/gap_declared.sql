-- Something that a source could not tell, or told in a form that cannot be used.
--
-- grain: id
-- column: id | Derived from the source and what was seen.
-- column: source | Source concerned.
-- column: jobset | Jobset concerned; null for all.
-- column: evaluation_id | Evaluation concerned; null if none.
-- column: kind | Kind of gap, for example `input_rejected`.
-- column: detail | What was seen, in words.
-- column: rows_missing | Rows or objects that are missing because of it.
-- column: observed_at | When the source was asked.
select
    id,
    source,
    jobset,
    evaluation_id,
    kind,
    detail,
    coalesce("rows", 0) as rows_missing,
    observed_at
from log.gap_declared
qualify row_number() over (partition by id order by batch) = 1
