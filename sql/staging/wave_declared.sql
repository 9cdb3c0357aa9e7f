-- A version of the text of a wave, once per event.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event: wave and date of the text.
-- column: source | Where it is declared.
-- column: declared_at | Date of this version of the text.
-- column: wave | `X` for a major wave, `X-Y` for a minor one.
-- column: title | Its title.
-- column: roots | Attributes of the packages that are updated.
-- column: groups | Roots that move together.
-- column: instance | Source whose jobsets these are.
-- column: jobsets | Jobsets that it is carried through, the first one first.
-- column: baseline | Evaluation id or revision that it is compared with; null: the last complete evaluation before it starts.
-- column: exclusions | Attribute globs of what is not part of it.
-- column: channels | Channels that it is meant for.
-- column: is_paused | Whether it is paused.
-- column: started_at | First day; null while it is only planned.
-- column: ended_at | Last day; null while it goes on.
select
    id,
    source,
    observed_at as declared_at,
    wave,
    title,
    roots,
    "groups",
    instance,
    jobsets,
    baseline,
    exclusions,
    channels,
    is_paused,
    started_at,
    ended_at
from log.wave_declared
qualify row_number() over (partition by id order by observed_at, title, roots) = 1
