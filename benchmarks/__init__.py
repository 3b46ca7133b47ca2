"""Measurements beside their bars, as RESULTS.md shows them. Run one as `python -m benchmarks.NAME [--smoke]`."""
