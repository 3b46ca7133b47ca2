"""Comparison of two runs: account by account, failures by cause, requests by quota."""

from bulkops.report.comparison.compare_runs import Comparison, load_comparison
from bulkops.report.comparison.rendering import render_comparison

__all__ = ["Comparison", "load_comparison", "render_comparison"]
