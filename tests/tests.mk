# make unit, tap, fuzz, bench, cov, lint, check.
