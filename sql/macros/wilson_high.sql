-- Upper end of the 95 % interval of a share p of n observations: see wilson_low.
create or replace temp macro wilson_high(p, n) as
    case
        when n > 0
            then round(
                least(
                    (p * n + 1.920729410347062 + 1.959963984540054 * sqrt(p * (1 - p) * n + 0.960364705173531))
                        / (n + 3.841458820694124),
                    1
                ),
                10
            )
    end
