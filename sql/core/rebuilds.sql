-- A job that evaluated to another derivation than before: what triggered it, what it cost, and whether its content changed.
--
-- Everything is told relative to the baseline, the derivation of the job's last successful build, not to that of the
-- evaluation before: they differ after a broken spell. A job that is in one of two evaluations only is new or gone, and
-- no rebuild; it has a row where an earlier success is known. Jobs that only changed the recipe of a download are left
-- out: nothing is built for them.
--
-- `content` compares the outputs with those of the baseline. `cutoff`: the same content, and so is everything that it
-- refers to. `rewrite-only`: the same but for references to something that did change. `changed`: neither.
-- `not-finished`: it failed or did not run, no verdict. Only a rebuild without a change of its own (derived) can be a
-- false positive: `cutoff` in the strict sense, with `rewrite-only` in the wide one.
--
-- A derivation is charged once, to the evaluation of its source that had it first; bytes whatever the content.
--
-- grain: source, jobset, system, attr, variant, evaluation_id
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: evaluation_id | Evaluation in which the derivation first stood; for a package set its revision.
-- column: evaluated_at | Time of that evaluation.
-- column: turn | Its number among those that count, from 1.
-- column: derivation_id64 | The derivation.
-- column: package | Name of the derivation without its version.
-- column: previous_derivation_id64 | Derivation in the evaluation just before; null: the job was not in it.
-- column: baseline_derivation_id64 | Derivation of the last successful build; null: none is known.
-- column: baseline_evaluation_id | Last evaluation in which the baseline stood.
-- column: status | What became of the derivation in the end; null: nothing is told.
-- column: status_class | Class of that status.
-- column: has_own_change | Whether the derivation says something else besides its inputs; null: unknown.
-- column: triggers | Packages with a change of their own that it follows from, itself included, by name; null: unknown.
-- column: trigger_count | Number of triggers.
-- column: role | Kind of edge without which nothing would have changed (core.derivation_inputs), `several` if no single one; null for a change of its own, or if unknown.
-- column: is_executed | Whether an attempt ran and is charged here; null: unknown.
-- column: attempts | Attempts that ran; 0 where charged elsewhere.
-- column: is_restart_only | Whether only a restart ran, after a first attempt that never came to it.
-- column: wall_seconds | Seconds of its attempts; the median of the job's last five successes where no times are told; 0 if not executed; null if unknown.
-- column: seconds_basis | `measured`, `median`, `none` (not executed) or `unknown`.
-- column: core_seconds | Seconds times processors; null if unknown.
-- column: nominal_seconds | Seconds that a source declares for a build of it, if executed or not; null if none does.
-- column: stored_bytes | Archives of its outputs, new in the store; 0 if not executed, null if unknown.
-- column: transferred_bytes | Compressed archives, uploaded once; downloads are unknown.
-- column: content | `cutoff`, `rewrite-only`, `changed`, `not-finished`; null: contents were not compared.
-- column: is_same_self_blanked | Whether all outputs are equal without their own paths; null: not compared.
-- column: is_same_hashes_blanked | Whether they are equal without the hash parts of store paths.
-- column: is_same_names_keyed | Whether they are equal with package and output for every store path.
-- column: is_same_content | Whether they are equal with content identities for references.
-- column: is_structural | Evidence B: no change of its own, all changes came through inputs for tests only; null: unknown.
-- column: is_suspected | Evidence C: no change of its own, equal size and equal packages and outputs among the references; null: unknown.
-- column: is_suspected_narrow | Evidence C, and no changed direct input among the references.
-- column: is_suspected_tolerant | Evidence C with a size that differs by at most 8 bytes for each byte by which names of references changed.
-- column: has_noise | Whether builds of one derivation of this package differed from each other: its content proves nothing.
with
    content as (
        select
            derivation_id64,
            list((output, self_blanked_id64) order by output) as self_blanked,
            list((output, hashes_blanked_id64) order by output) as hashes_blanked,
            list((output, names_keyed_id64) order by output) as names_keyed,
            list((output, content_id64) order by output) as content,
            count(*) = count(names_keyed_id64) and count(*) = count(content_id64) as is_hashed,
            case when count(*) = count(nar_bytes) then sum(nar_bytes)::bigint end as nar_bytes,
            case when count(*) = count(file_bytes) then sum(file_bytes)::bigint end as file_bytes,
            list(output order by output) as outputs
        from core.outputs
        group by derivation_id64
    ),
    -- References told of every output, or nothing is.
    refers as (
        select o.derivation_id64
        from core.outputs as o
        left join (
            select derivation_id64, output, bool_or(store_references is not null) as is_told
            from staging.output_observed
            group by derivation_id64, output
        ) as t on o.derivation_id64 = t.derivation_id64 and o.output = t.output
        group by o.derivation_id64
        having bool_and(coalesce(t.is_told, false))
    ),
    named as (
        select
            derivation_id64,
            list_sort(list(distinct key)) as keys,
            list(distinct of_derivation_id64) as derivations
        from core.output_references
        group by derivation_id64
    ),
    keyed as (
        select derivation_id64, key, max(name_bytes) as name_bytes
        from core.output_references
        group by derivation_id64, key
    ),
    moved as (
        select p.older, p.newer, sum(abs(n.name_bytes - o.name_bytes))::bigint as name_bytes
        from replay.rebuild_causes as p
        inner join keyed as o on p.older = o.derivation_id64
        inner join keyed as n on p.newer = n.derivation_id64 and o.key = n.key
        group by p.older, p.newer
    ),
    noisy as (
        select distinct d.pname, d.system
        from core.outputs as o
        inner join core.derivations as d on o.derivation_id64 = d.derivation_id64
        where o.differs_from_itself
    ),
    -- A derivation that an earlier evaluation had already, as a new job or under another name, is charged there.
    seen as (
        select r.source, r.derivation_id64, min(t.evaluated_at) as first_at
        from replay.derivation_runs as r
        inner join replay.derivation_turns as t
            on r.source = t.source and r.jobset = t.jobset and r.system = t.system and r.first_turn = t.turn
        group by r.source, r.derivation_id64
    ),
    charged as (
        select p.source, p.jobset, p.system, p.attr, p.variant, p.turn
        from replay.rebuild_pairs as p
        inner join replay.derivation_turns as t
            on p.source = t.source and p.jobset = t.jobset and p.system = t.system and p.turn = t.turn
        inner join seen as s
            on p.source = s.source and p.derivation_id64 = s.derivation_id64 and t.evaluated_at = s.first_at
        qualify row_number() over (
            partition by p.source, p.derivation_id64 order by p.jobset, p.system, p.attr, p.variant, p.turn
        ) = 1
    ),
    joined as (
        select
            p.*,
            t.evaluation_id,
            t.evaluated_at,
            bt.evaluation_id as baseline_evaluation_id,
            d.pname as package,
            b.status,
            b.status_class,
            c.has_own_change,
            c.triggers,
            c.role,
            c.changed_inputs,
            c.is_structural,
            h.source is not null as is_charged,
            b.is_executed as has_run,
            b.attempts as attempts_told,
            b.first_attempt,
            b.wall_seconds as seconds_told,
            b.core_seconds as core_seconds_told,
            s.seconds as median_seconds,
            case when list_contains(coalesce(d.required_features, []), 'big-parallel') then 16 else 4 end as assumed_cores,
            n.seconds as nominal_seconds,
            o.nar_bytes as nar_bytes_new,
            o.file_bytes,
            q.nar_bytes as nar_bytes_old,
            case
                when o.is_hashed and q.is_hashed and o.outputs = q.outputs and o.outputs = list_sort(d.outputs) then true
                else false
            end as is_compared,
            o.self_blanked = q.self_blanked as same_self_blanked,
            o.hashes_blanked = q.hashes_blanked as same_hashes_blanked,
            o.names_keyed = q.names_keyed as same_names_keyed,
            o.content = q.content as same_content,
            rn.derivation_id64 is not null and ro.derivation_id64 is not null as has_references,
            coalesce(kn.keys, []) = coalesce(ko.keys, []) as same_keys,
            list_has_any(coalesce(kn.derivations, []), coalesce(c.changed_inputs, [])) as refers_to_changed,
            coalesce(m.name_bytes, 0) as moved_name_bytes,
            y.pname is not null as has_noise
        from replay.rebuild_pairs as p
        inner join replay.derivation_turns as t
            on p.source = t.source and p.jobset = t.jobset and p.system = t.system and p.turn = t.turn
        left join replay.derivation_turns as bt
            on p.source = bt.source and p.jobset = bt.jobset and p.system = bt.system and p.baseline_turn = bt.turn
        left join core.derivations as d on p.derivation_id64 = d.derivation_id64
        left join core.derivation_builds as b on p.source = b.source and p.derivation_id64 = b.derivation_id64
        left join replay.rebuild_causes as c on p.baseline_id64 = c.older and p.derivation_id64 = c.newer
        left join charged as h
            on p.source = h.source
            and p.jobset = h.jobset
            and p.system = h.system
            and p.attr = h.attr
            and p.variant = h.variant
            and p.turn = h.turn
        left join core.build_seconds as s on p.attr = s.attr and p.system = s.system
        left join staging.build_cost_declared as n on p.source = n.source and p.attr = n.attr and p.system = n.system
        left join content as o on p.derivation_id64 = o.derivation_id64
        left join content as q on p.baseline_id64 = q.derivation_id64
        left join refers as rn on p.derivation_id64 = rn.derivation_id64
        left join refers as ro on p.baseline_id64 = ro.derivation_id64
        left join named as kn on p.derivation_id64 = kn.derivation_id64
        left join named as ko on p.baseline_id64 = ko.derivation_id64
        left join moved as m on p.baseline_id64 = m.older and p.derivation_id64 = m.newer
        left join noisy as y on d.pname = y.pname and d.system = y.system
    )
select
    source,
    jobset,
    system,
    attr,
    variant,
    evaluation_id,
    evaluated_at,
    turn,
    derivation_id64,
    package,
    previous_id64 as previous_derivation_id64,
    baseline_id64 as baseline_derivation_id64,
    baseline_evaluation_id,
    status,
    status_class,
    has_own_change,
    triggers,
    len(triggers) as trigger_count,
    role,
    case when is_charged then has_run else false end as is_executed,
    case when is_charged then coalesce(attempts_told, 0) else 0 end as attempts,
    is_charged and coalesce(first_attempt > 1, false) as is_restart_only,
    case
        when not is_charged or not has_run then 0.0
        when has_run then coalesce(seconds_told, median_seconds)
    end as wall_seconds,
    case
        when not is_charged or not has_run then 'none'
        when has_run and seconds_told is not null then 'measured'
        when has_run and median_seconds is not null then 'median'
        else 'unknown'
    end as seconds_basis,
    case
        when not is_charged or not has_run then 0.0
        when has_run then coalesce(core_seconds_told, median_seconds * assumed_cores)
    end as core_seconds,
    nominal_seconds,
    case
        when not is_charged or not has_run or status_class <> 'green' then 0
        when has_run then nar_bytes_new
    end as stored_bytes,
    case
        when not is_charged or not has_run or status_class <> 'green' then 0
        when has_run then file_bytes
    end as transferred_bytes,
    case
        when baseline_id64 is null then null
        when status_class <> 'green' then 'not-finished'
        when not is_compared then null
        when same_content then 'cutoff'
        when same_names_keyed then 'rewrite-only'
        else 'changed'
    end as content,
    case when is_compared then same_self_blanked end as is_same_self_blanked,
    case when is_compared then same_hashes_blanked end as is_same_hashes_blanked,
    case when is_compared then same_names_keyed end as is_same_names_keyed,
    case when is_compared then same_content end as is_same_content,
    is_structural,
    case
        when has_references and nar_bytes_new is not null and nar_bytes_old is not null
            then not has_own_change and same_keys and nar_bytes_new = nar_bytes_old
    end as is_suspected,
    case
        when has_references and nar_bytes_new is not null and nar_bytes_old is not null
            then not has_own_change and same_keys and nar_bytes_new = nar_bytes_old and not refers_to_changed
    end as is_suspected_narrow,
    case
        when has_references and nar_bytes_new is not null and nar_bytes_old is not null
            then not has_own_change and same_keys and abs(nar_bytes_new - nar_bytes_old) <= 8 * moved_name_bytes
    end as is_suspected_tolerant,
    has_noise
from joined
order by source, jobset, system, attr, variant, turn
