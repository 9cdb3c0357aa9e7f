-- Rights that reading a Hydra's database needs, column by column: nothing else can be read with them, above all
-- no maintainers' addresses. Run it as the owner of the tables; then set a password, or let the host file decide.
create role nixpkgs_health login;
grant select (id, project, name) on jobsets to nixpkgs_health;
grant select (project, from_, to_) on jobsetrenames to nixpkgs_health;
grant select (id, jobset_id, evaluationerror_id, timestamp, hasnewbuilds, nrbuilds, flake)
    on jobsetevals to nixpkgs_health;
grant select (eval, name, altnr, uri, revision) on jobsetevalinputs to nixpkgs_health;
grant select (id, errormsg) on evaluationerrors to nixpkgs_health;
grant select (eval, build) on jobsetevalmembers to nixpkgs_health;
grant select (
    id, jobset_id, job, system, nixname, drvpath, finished, buildstatus, iscachedbuild, timestamp, starttime, stoptime
) on builds to nixpkgs_health;
grant select (build, stepnr, type, drvpath, status, starttime, stoptime, machine, system, propagatedfrom)
    on buildsteps to nixpkgs_health;
grant select (aggregate, constituent) on aggregateconstituents to nixpkgs_health;
