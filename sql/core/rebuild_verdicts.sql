-- Whether a rebuild was a false positive under one kind of evidence.
--
-- Only derived rebuilds can be: those without a change of their own whose triggers are known. `strict`: the content is the
-- same, and so is all that it refers to. `wide`: or but for references. Both need contents that were compared, of a package
-- whose builds do not differ from each other. `structural` (evidence B) and `suspected` (evidence C) need a new build that
-- succeeded: one that fails because of an input for tests found something out. Strict and wide are about the same
-- rebuilds and are never added up.
--
-- grain: source, jobset, system, attr, variant, evaluation_id, evidence
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: evaluation_id | Evaluation of the rebuild (core.rebuilds).
-- column: month | First day of the month of that evaluation, in UTC.
-- column: evidence | `strict`, `wide`, `structural` or `suspected`.
-- column: is_derived | Whether it has no change of its own and its triggers are known.
-- column: is_false_positive | The verdict; null: there is none.
with
    rebuilds as (
        select
            *,
            date_trunc('month', evaluated_at at time zone 'UTC')::date as month,
            coalesce(not has_own_change and trigger_count > 0, false) as is_derived,
            content in ('cutoff', 'rewrite-only', 'changed') and not has_noise as is_compared
        from core.rebuilds
    )
select
    r.source,
    r.jobset,
    r.system,
    r.attr,
    r.variant,
    r.evaluation_id,
    r.month,
    e.evidence,
    r.is_derived,
    case
        when not r.is_derived then null
        when e.evidence = 'strict' then case when r.is_compared then r.content = 'cutoff' end
        when e.evidence = 'wide' then case when r.is_compared then r.content <> 'changed' end
        when r.status_class is distinct from 'green' then null
        when e.evidence = 'structural' then r.is_structural
        else r.is_suspected
    end as is_false_positive
from rebuilds as r
cross join (values ('strict'), ('wide'), ('structural'), ('suspected')) as e (evidence)
order by r.source, r.jobset, r.system, r.attr, r.variant, r.evaluation_id, e.evidence
