-- The content of an output of a derivation, as one source saw it, once per source and content.
--
-- The identities are of the content after more and more was taken out of it: see `core.outputs`.
--
-- grain: id
-- column: id | Derived from source, derivation, output and hash of the archive.
-- column: source | Who saw it.
-- column: derivation_id64 | First 64 bits of the hash of the derivation that it is an output of.
-- column: output | Name of the output.
-- column: observed_at | When it was seen first.
-- column: path | Its store path; null if not told.
-- column: nar_hash | SHA-256 of the archive; null if not told.
-- column: nar_bytes | Size of the archive; null if not told.
-- column: file_bytes | Size of the compressed archive in a cache; null if not told.
-- column: closure_bytes | Sizes of the archives of everything that it refers to, however far, itself included; null if not told.
-- column: store_references | Store paths that it names, itself left out; null if not told.
-- column: self_blanked_id64 | Identity without paths of its own derivation.
-- column: hashes_blanked_id64 | Identity without the hash parts of all store paths.
-- column: names_keyed_id64 | Identity with every store path replaced by package and output.
-- column: content_id64 | Identity with every reference replaced by the content identity of what it refers to.
select
    id,
    source,
    derivation_id64,
    output,
    observed_at,
    path,
    nar_hash,
    nar_bytes,
    file_bytes,
    closure_bytes,
    "references" as store_references,
    self_blanked_id64,
    hashes_blanked_id64,
    names_keyed_id64,
    content_id64
from log.output_observed
qualify row_number() over (
    partition by id
    order by
        (content_id64 is not null)::integer desc, (file_bytes is not null)::integer desc, observed_at, batch
) = 1
