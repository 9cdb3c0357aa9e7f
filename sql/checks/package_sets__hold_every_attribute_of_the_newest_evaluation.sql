-- Every attribute that was told of a revision in its newest evaluation is there once, with a derivation that is recorded or not.
with
    told as (
        select id, source, package_set, revision, observed_at, count(*) as attrs
        from staging.package_set_evaluated
        group by id, source, package_set, revision, observed_at
        qualify row_number() over (
            partition by source, package_set, revision order by observed_at desc, attrs desc, id
        ) = 1
    ),
    there as (
        select source, package_set, revision, count(*) as attrs
        from core.package_sets
        group by source, package_set, revision
    )
select t.source, t.package_set, t.revision, t.attrs, a.attrs as found
from told as t
left join there as a on t.source = a.source and t.package_set = a.package_set and t.revision = a.revision
where a.attrs is distinct from t.attrs
