-- Which data and which code this warehouse was computed from; one row.
--
-- grain: data_version
-- column: data_version | Hash of the log's newest batch: the version of the data.
-- column: batches | Batches of the log that were used.
-- column: code_version | Hash of the SQL and code that computed the relations.
-- column: as_of_at | Newest instant at which any source was asked; null for an empty log.
select
    $data_version::varchar as data_version,
    $batches::integer as batches,
    $code_version::varchar as code_version,
    max(observed_at) as as_of_at
from (
    select max(observed_at) as observed_at from staging.evaluation_observed
    union all
    select max(observed_at) as observed_at from staging.channel_advanced
)
