-- How long packages of a declared wave were in each state.
select * from metrics.wave_time_in_state where wave = $wave order by jobset, system, state
