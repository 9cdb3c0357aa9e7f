-- What holds back most packages of a declared wave.
select * from metrics.wave_blockers where wave = $wave order by place limit 30
