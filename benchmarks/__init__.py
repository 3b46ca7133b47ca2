"""Measurements beside the bars of DESIGN section 10. Run one as `python -m benchmarks.NAME [--smoke]`."""
