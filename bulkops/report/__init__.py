"""Reports of a run from the journal: text, HTML and Markdown for people, other formats for programs."""

from bulkops.report.formats import DETAILED, FORMATS, Format, render, render_parts
from bulkops.report.loading import load_report
from bulkops.report.model import Report
from bulkops.report.quota_usage import explored_words

__all__ = [
    "DETAILED",
    "FORMATS",
    "Format",
    "Report",
    "explored_words",
    "load_report",
    "render",
    "render_parts",
]
