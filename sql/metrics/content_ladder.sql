-- How many derived rebuilds have the same content as before, by how much is blanked before it is compared.
--
-- Three steps, each holding the one before: archives without their own paths (`self_blanked`), without the hash parts of all
-- store paths (`hashes_blanked`), and with package and output in place of every store path (`names_keyed`). `content` is no
-- step of that ladder: with content identities in place of references it asks whether all that is referred to is the same
-- too. Derived rebuilds whose contents were compared, without noise; all systems of a jobset together.
--
-- grain: source, jobset, strength
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: strength | `self_blanked`, `hashes_blanked`, `names_keyed` or `content`.
-- column: step | 1 to 3 for the ladder, null for `content`.
-- column: compared | Rebuilds that were compared.
-- column: evaluations | Evaluations that they are of.
-- column: equal | Of those compared, the ones with the same content.
-- column: equal_ratio | equal by compared.
-- column: equal_ratio_low | Lower end of its 95 % interval (Wilson, evaluations as clusters); null where all are of one evaluation.
-- column: equal_ratio_high | Upper end of it.
-- column: definition_version | Version of this definition.
with
    judged as (
        select
            r.source,
            r.jobset,
            r.evaluation_id,
            s.strength,
            s.step,
            case s.strength
                when 'self_blanked' then r.is_same_self_blanked
                when 'hashes_blanked' then r.is_same_hashes_blanked
                when 'names_keyed' then r.is_same_names_keyed
                when 'content' then r.is_same_content
            end as is_equal
        from core.rebuilds as r
        cross join (
            values ('self_blanked', 1), ('hashes_blanked', 2), ('names_keyed', 3), ('content', null)
        ) as s(strength, step)
        where
            not r.has_own_change
            and r.trigger_count > 0
            and not r.has_noise
            and r.content in ('cutoff', 'rewrite-only', 'changed')
    ),
    clusters as (
        select
            source,
            jobset,
            strength,
            step,
            evaluation_id,
            count(*) as n,
            count(*) filter (where is_equal) as k
        from judged
        where is_equal is not null
        group by source, jobset, strength, step, evaluation_id
    ),
    counted as (
        select
            source,
            jobset,
            strength,
            step,
            sum(n)::bigint as compared,
            count(*) as evaluations,
            sum(k)::bigint as equal,
            effective_n(sum(k), sum(n), sum(k * k), sum(k * n), sum(n * n), count(*)) as effective
        from clusters
        group by source, jobset, strength, step
    )
select
    source,
    jobset,
    strength,
    step,
    compared,
    evaluations,
    equal,
    equal / compared as equal_ratio,
    wilson_low(equal / compared, effective) as equal_ratio_low,
    wilson_high(equal / compared, effective) as equal_ratio_high,
    1 as definition_version
from counted
order by source, jobset, step nulls last
