"""The report as one self-contained HTML file, for a browser or as a mail attachment."""

from bulkops.report.html.page import render_html

__all__ = ["render_html"]
