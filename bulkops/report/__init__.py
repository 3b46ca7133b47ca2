"""What a run came to: queries of the journal, shown to people (text, HTML, Markdown) and to programs (the others)."""

from bulkops.report.clusters import Cluster
from bulkops.report.formats import DETAILED, FORMATS, Format, render
from bulkops.report.loading import load_report
from bulkops.report.model import Report

__all__ = ["DETAILED", "FORMATS", "Cluster", "Format", "Report", "load_report", "render"]
