-- A minor wave builds at least what it updates and at most the whole set; the heaviest root alone builds no more.
select source, package_set, level, roots, builds, packages
from metrics.minor_waves
where builds < roots or builds > packages or heaviest_builds > builds
