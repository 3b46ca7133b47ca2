"""What a run came to: queries of the journal, shown to people (text) and programs (JSON, JSONL, CSV)."""

from bulkops.report.clusters import Cluster
from bulkops.report.model import Report, load_report
from bulkops.report.rendering import FORMATS, Format, render

__all__ = ["FORMATS", "Cluster", "Format", "Report", "load_report", "render"]
