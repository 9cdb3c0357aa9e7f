-- Every derivation that a source says it built has a row, with attempts exactly where one ran.
select t.source, t.derivation_id64, b.attempts, b.is_executed
from (
    select distinct source, derivation_id64
    from staging.build_observed
    where derivation_id64 is not null
) as t
left join core.derivation_builds as b on t.source = b.source and t.derivation_id64 = b.derivation_id64
where b.source is null or (b.attempts > 0) <> coalesce(b.is_executed, false) or b.core_seconds < b.wall_seconds
