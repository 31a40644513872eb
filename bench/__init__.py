"""The benchmarks of ``make bench``: ratios to two yardsticks, taken in one run, printed as a table."""
