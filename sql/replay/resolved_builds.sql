-- A derivation that a source built, and whether a build that says the same of equal inputs ran before it.
--
-- What a builder by content would compare: the recipe, and the content identities of all outputs of inputs that are
-- used. Those of fixed outputs are their paths. Order is that in which builds started, or else were first told.
--
-- keep: no
-- grain: source, derivation_id64
-- column: source | Who built it.
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: is_seen_before | Whether it would have been skipped; null: the content of an input is unknown.
with
    items as (
        select derivation_id64, unnest(inputs) as item
        from staging.derivation_observed
        qualify row_number() over (partition by derivation_id64 order by source) = 1
    ),
    used as (
        select distinct derivation_id64, item.derivation_id64 as input_id64, unnest(item.outputs) as output
        from items
    ),
    valued as (
        select
            u.derivation_id64,
            d.pname || '!' || u.output as key,
            case when d.is_fixed_output then d.outputs_id64 else o.content_id64 end as content
        from used as u
        left join core.derivations as d on u.input_id64 = d.derivation_id64
        left join core.outputs as o on u.input_id64 = o.derivation_id64 and u.output = o.output
    ),
    resolved as (
        select
            derivation_id64,
            count(*) = count(content) as is_known,
            md5(string_agg(key || '=' || content::varchar, chr(10) order by key, content)) as identity
        from valued
        group by derivation_id64
    ),
    ordered as (
        select
            b.source,
            b.derivation_id64,
            coalesce(b.first_started_at, b.first_seen_at) as built_at,
            case
                when d.recipe_id64 is null or not d.is_recorded or not coalesce(r.is_known, true) then null
                else d.recipe_id64::varchar || coalesce(r.identity, '')
            end as identity
        from core.derivation_builds as b
        left join core.derivations as d on b.derivation_id64 = d.derivation_id64
        left join resolved as r on b.derivation_id64 = r.derivation_id64
        where b.is_executed
    )
select
    source,
    derivation_id64,
    case
        when identity is not null
            then row_number() over (partition by source, identity order by built_at, derivation_id64) > 1
    end as is_seen_before
from ordered
