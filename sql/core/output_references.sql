-- A store path that an output names, and whose output that is.
--
-- The key is package and output. Where the path is not that of a recorded output, the package is what Nix's rule gives
-- of its name, and the output is unknown.
--
-- grain: derivation_id64, output, path
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: output | Name of the output that names the path.
-- column: path | Store path that is named.
-- column: key | Package and output of the path, `!` between; `?` for an output that is unknown.
-- column: name_bytes | Bytes of the path's last part.
-- column: of_derivation_id64 | Derivation whose output it is; null: unknown.
with
    items as (
        select distinct derivation_id64, output, unnest(store_references) as path
        from staging.output_observed
    ),
    owners as (
        select o.path, min((o.derivation_id64, o.output)) as owner
        from core.outputs as o
        where o.path is not null
        group by o.path
    ),
    named as (
        select
            i.derivation_id64,
            i.output,
            i.path,
            parse_filename(i.path) as base,
            w.owner[1] as of_derivation_id64,
            w.owner[2] as of_output,
            d.pname
        from items as i
        left join owners as w on i.path = w.path
        left join core.derivations as d on w.owner[1] = d.derivation_id64
    )
select
    derivation_id64,
    output,
    path,
    coalesce(
        pname || '!' || of_output,
        case
            when regexp_matches(substr(base, 34), '^.*?-[^a-zA-Z]') then regexp_extract(substr(base, 34), '^(.*?)-[^a-zA-Z]', 1)
            else substr(base, 34)
        end || '!?'
    ) as key,
    strlen(base) as name_bytes,
    of_derivation_id64
from named
order by derivation_id64, output, path
