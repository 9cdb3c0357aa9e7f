-- How many independent observations a share of clustered ones is worth.
--
-- k of n observations have something; kk, kn and nn are the sums over c clusters of k^2, k * n and n^2 of each. The
-- variance of k / n between clusters (ratio estimator, linearised) over that of n independent ones is the design effect;
-- n over it, and at most n, is the effective size (Kish 1965; Korn and Graubard 1998). Where all or none have it the
-- clusters do not differ, and each counts as one observation. Null for fewer than two clusters. Sums are whole numbers,
-- so that nothing is lost where clusters hardly differ.
create or replace temp macro effective_n(k, n, kk, kn, nn, c) as
    case
        when n = 0 or c < 2 then null
        when k = 0 or k = n then c::double
        else
            least(
                n::double,
                (k::hugeint * (n - k) * n * n)::double * (c - 1) / c
                    / nullif((n::hugeint * n * kk - 2 * k::hugeint * n * kn + k::hugeint * k * nn)::double, 0)
            )
    end
