-- Cost of rebuilds by month and what became of their content; declared seconds where the source declares any, else measured ones.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    ),
    chosen as (
        select
            s.*,
            w.false_positives as wide_false_positives,
            w.false_positive_wall_seconds as wide_wall_seconds,
            w.false_positive_nominal_seconds as wide_nominal_seconds,
            b.is_declared
        from metrics.rebuild_bill as s
        cross join basis as b
        inner join metrics.rebuild_bill as w
            on s.source = w.source and s.jobset = w.jobset and s.system = w.system and s.month is not distinct from w.month
            and w.evidence = 'wide'
        where s.source = $source and s.jobset = $jobset and s.evidence = 'strict'
    ),
    costs as (
        select
            system,
            month as month_on,
            is_declared,
            rebuilds,
            with_verdict,
            without_verdict + unattributed as without_verdict,
            case when is_declared then unknown_nominal_seconds else unknown_wall_seconds end as unknown_cost,
            case when is_declared then total_nominal_seconds else total_wall_seconds end / 3600 as total,
            case when is_declared then verdict_nominal_seconds else verdict_wall_seconds end / 3600 as verdict,
            case when is_declared then false_positive_nominal_seconds else false_positive_wall_seconds end / 3600 as strict,
            case when is_declared then wide_nominal_seconds else wide_wall_seconds end / 3600 as wide,
            false_positives,
            wide_false_positives
        from chosen
    )
select
    system, month_on, c.class_rank, c.class, is_declared,
    sum(false_positives) over w / nullif(sum(with_verdict) over w, 0) as strict_ratio, rebuilds, with_verdict, without_verdict, unknown_cost, total as total_hours,
    case c.class_rank when 1 then strict when 2 then wide - strict when 3 then verdict - wide else total - verdict end as hours,
    case c.class_rank
        when 1 then false_positives
        when 2 then wide_false_positives - false_positives
        when 3 then with_verdict - wide_false_positives
        else rebuilds - with_verdict
    end as class_rebuilds
from costs
cross join (
    values (1, 'same content'), (2, 'references alone differ'), (3, 'content changed'), (4, 'own change, or no verdict')
) as c(class_rank, class)
window w as (partition by system, c.class_rank)
order by system, month_on, c.class_rank
