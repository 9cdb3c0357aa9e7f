-- An output of a derivation, as it was first seen, with identities of its content.
--
-- Of several sources and contents the one with most identities counts, then the first that was seen; sizes are also
-- taken from other sightings of the same archive. The identities are of the archive after more and more of the names in
-- it was taken out; equal numbers mean equal content. Paths inside compressed files are not found, nor references that
-- are split over texts.
--
-- grain: derivation_id64, output
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: output | Name of the output.
-- column: path | Its store path; null if not told.
-- column: nar_bytes | Size of the archive; null if not told.
-- column: file_bytes | Size of the compressed archive in a cache; null if not told.
-- column: closure_bytes | Sizes of the archives of everything that it refers to, itself included; null if not told.
-- column: nar_hash | SHA-256 of the archive; null if not told.
-- column: self_blanked_id64 | Identity without paths of its own derivation; null if not computed.
-- column: hashes_blanked_id64 | Identity without the hash parts of all store paths.
-- column: names_keyed_id64 | Identity with every store path replaced by package and output.
-- column: content_id64 | Identity with every reference replaced by the content identity of what it refers to, recursively.
-- column: contents | Different archives that were seen.
-- column: differs_from_itself | Whether builds of the same derivation gave contents that differ even with package and output for every path; null where only one was seen, or not every one is known so.
with ranked as (
    select
        *,
        row_number() over (
            partition by derivation_id64, output
            order by
                (content_id64 is not null)::integer desc,
                (names_keyed_id64 is not null)::integer desc,
                observed_at,
                source,
                id
        ) as place,
        count(distinct nar_hash) over (partition by derivation_id64, output) as contents,
        count(distinct names_keyed_id64) over (partition by derivation_id64, output) as keyed_contents,
        count(distinct case when names_keyed_id64 is not null then nar_hash end) over (
            partition by derivation_id64, output
        ) as keyed_archives,
        max(path) over same as told_path,
        max(nar_bytes) over same as told_nar_bytes,
        max(file_bytes) over same as told_file_bytes,
        max(closure_bytes) over same as told_closure_bytes
    from staging.output_observed
    window same as (partition by derivation_id64, output, nar_hash)
)
select
    derivation_id64,
    output,
    coalesce(path, told_path) as path,
    coalesce(nar_bytes, told_nar_bytes) as nar_bytes,
    coalesce(file_bytes, told_file_bytes) as file_bytes,
    coalesce(closure_bytes, told_closure_bytes) as closure_bytes,
    nar_hash,
    self_blanked_id64,
    hashes_blanked_id64,
    names_keyed_id64,
    content_id64,
    contents,
    case
        when contents > 1 and keyed_contents > 1 then true
        when contents > 1 and keyed_archives = contents then false
    end as differs_from_itself
from ranked
where place = 1
order by derivation_id64, output
