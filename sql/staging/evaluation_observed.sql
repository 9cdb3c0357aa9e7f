-- One answer of a source about one evaluation at one instant.
--
-- An id that arrives twice counts once, in its first batch.
--
-- grain: id
-- column: id | `<source>:evaluation:<jobset>:<evaluation_id>:<observation_key>`.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: ordinal | The source's own order of evaluations.
-- column: observation_key | The source's own name of the answer, or a digest of its content.
-- column: observed_at | When the source was asked.
-- column: occurred_at | The evaluation's own time; null if not told.
-- column: revision | Evaluated commit, 40 hex digits; null if not told.
-- column: unit | What the source names and counts: `job`, `package`, or `derivation` (names without attribute).
-- column: coverage | `full`, `named`, `failures_with_totals` or `failures_only`.
-- column: listed_statuses | Statuses for which absence from the list means "not in that status".
-- column: systems | Systems that the answer covers; empty for an answer without a list.
-- column: listed_rows | Rows of the whole listing; null for an answer without a list.
-- column: listing_checksum | Sum modulo 2^64 of the listing's row hashes.
-- column: totals | Numbers by system and status as reported.
-- column: gates | Verdicts of named gates.
-- column: is_partial | Whether the source itself says that the answer is partial.
-- column: batch | Number of the ingest call that recorded it.
select
    id,
    source,
    jobset,
    evaluation_id,
    ordinal,
    observation_key,
    observed_at,
    occurred_at,
    revision,
    unit,
    coverage,
    listed_statuses,
    systems,
    listed_rows,
    listing_checksum,
    totals,
    gates,
    is_partial,
    batch
from log.evaluation_observed
qualify row_number() over (partition by id order by batch) = 1
