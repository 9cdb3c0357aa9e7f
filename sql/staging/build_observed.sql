-- A build seen in a status at one instant.
--
-- Several facts of one build at one instant (a source that says it twice) are folded by their readers.
--
-- grain: source, build_id, observed_at, attempt
-- column: id | `<source>:build:<build_id>:<observed_at>:<attempt>`.
-- column: source | Instance that built.
-- column: jobset | Jobset as project/name.
-- column: build_id | The source's own id of the build.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: evaluation_id | Evaluation in which it was seen; null if not told.
-- column: observed_at | When the source was asked.
-- column: attempt | Number of the attempt, from 1.
-- column: status | Our status word.
-- column: source_status | The source's own word or number.
-- column: is_finished | Whether the build had ended.
-- column: cause | `own`, `dependency` or `unknown`.
-- column: is_cached | Whether the result was not produced by this build; null if not told.
-- column: started_at | When it started; null if not told.
-- column: stopped_at | When it ended; null if not told.
-- column: time_kind | How good the times are: `measured`, `reported` or `file` (when a file was written); null if not told.
-- column: derivation_id64 | First 64 bits of the derivation's hash, as a signed integer; null if not told.
-- column: drv_path | Derivation that was built; null if not told.
-- column: failed_derivations | Derivations whose failure made it fail; empty if it failed by itself or none is told.
-- column: propagated_from_build | Build in which the failure really happened, where it is another one's; null if not told.
-- column: is_maintained | Whether the source says that the package has a maintainer; null if not told.
-- column: dependents_unbroken | Packages that depend on it and are not marked broken; null if not told.
-- column: dependents_all | Packages that depend on it; null if not told.
-- column: log_url | Address of the build's log; null if not told.
-- column: machine | Name of the machine that built it; null if not told.
-- column: cores | Processors that the build could use; null if not told.
-- column: batch | Number of the ingest call that recorded it.
select
    source || ':build:' || build_id || ':' || strftime(observed_at, '%Y-%m-%dT%H:%M:%SZ') || ':'
        || coalesce(attempt, 1)::varchar as id,
    source,
    jobset,
    build_id,
    attr,
    system,
    coalesce(variant, '') as variant,
    evaluation_id,
    observed_at,
    coalesce(attempt, 1) as attempt,
    status,
    source_status,
    is_finished,
    cause,
    is_cached,
    started_at,
    stopped_at,
    time_kind,
    derivation_id64,
    drv_path,
    failed_derivations,
    propagated_from_build,
    is_maintained,
    dependents.unbroken as dependents_unbroken,
    dependents."all" as dependents_all,
    log_url,
    machine,
    cores,
    batch
from log.build_observed
