-- The ten states add up to the packages, and so do the open and the resolved ones.
select wave, evaluation_id, system, packages
from metrics.wave_progress
where packages <> not_reached + awaiting_inputs + building + pass + failing_own + failing_dependency + wont_fix + cant_fix
    + marked_broken + removed
    or packages <> open_packages + resolved_packages
    or untold_packages > not_reached
    or own_failures > failing_own
    or least(
        not_reached, awaiting_inputs, building, pass, failing_own, failing_dependency, wont_fix, cant_fix, marked_broken,
        removed, untold_packages, own_failures
    ) < 0
