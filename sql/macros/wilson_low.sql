-- Lower end of the 95 % interval of a share p of n observations (Wilson 1927); n need not be whole. Null where n is.
--
-- z is 1.96, the 97.5th percentile of the normal distribution; z^2 / 2 = 1.9207, z^2 = 3.8415.
create or replace temp macro wilson_low(p, n) as
    case
        when n > 0
            then round(
                greatest(p * n + 1.920729410347062 - 1.959963984540054 * sqrt(p * (1 - p) * n + 0.960364705173531), 0)
                    / (n + 3.841458820694124),
                10
            )
    end
