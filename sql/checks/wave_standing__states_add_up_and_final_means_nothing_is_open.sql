-- The ten states add up to the packages, and a final wave has none that is open.
select wave, packages, open_packages, is_final, standing
from metrics.wave_standing
where packages <> not_reached + awaiting_inputs + building + pass + failing_own + failing_dependency + wont_fix + cant_fix
    + marked_broken + removed
    or (is_final and (open_packages > 0 or packages = 0 or standing not in ('final', 'planned')))
    or (standing = 'final') <> (is_final and evaluations > 0)
