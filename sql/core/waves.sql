-- A declared wave: what it updates, what it is carried through, from when to when.
--
-- The newest text of a wave counts, whatever the order in which texts were recorded; declared_at is its date. Waves
-- that were only found (staging-next iterations, bursts) are not here.
--
-- grain: wave
-- column: wave | `X` for a major wave, `X-Y` for a minor one of it.
-- column: major | The `X`.
-- column: minor | The `Y`; null for a major wave.
-- column: title | Its title.
-- column: source | Instance whose jobsets it is carried through.
-- column: jobsets | Those jobsets; of a package that several name, the first counts.
-- column: roots | Attributes of the packages that are updated.
-- column: groups | Roots that move together.
-- column: baseline | Evaluation id or revision that it is declared to be compared with; null if none is.
-- column: exclusions | Attribute globs of what is not part of it: `*` stands for any letters but a dot, `**` for any.
-- column: channels | Channels that it is meant for.
-- column: is_paused | Whether it is declared to be paused.
-- column: started_at | First day, midnight UTC; null while it is only planned.
-- column: ended_at | Last day, midnight UTC; null while it goes on.
-- column: declared_at | Date of the newest text.
-- column: texts | Number of texts since it was declared first.
-- column: tag | Tag of it that was seen last; null if none was.
-- column: tag_revision | Commit that this tag names.
with
    newest as (
        select *, count(*) over (partition by wave) as texts
        from staging.wave_declared
        qualify row_number() over (partition by wave order by declared_at desc, id desc) = 1
    ),
    tagged as (
        select wave, tag, revision
        from staging.wave_tagged
        qualify row_number() over (partition by wave order by coalesce(tagged_at, observed_at) desc, observed_at desc, id) = 1
    )
select
    n.wave,
    regexp_replace(n.wave, '-[0-9]+$', '') as major,
    cast(nullif(regexp_extract(n.wave, '-([0-9]+)$', 1), '') as integer) as minor,
    n.title,
    n.instance as source,
    n.jobsets,
    n.roots,
    n."groups",
    n.baseline,
    n.exclusions,
    n.channels,
    n.is_paused,
    n.started_at,
    n.ended_at,
    n.declared_at,
    n.texts,
    t.tag,
    t.revision as tag_revision
from newest as n
left join tagged as t on n.wave = t.wave
order by n.wave
