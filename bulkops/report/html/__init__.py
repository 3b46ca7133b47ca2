"""The report as one HTML file that reaches nothing else: for a browser today and a mail attachment tomorrow."""

from bulkops.report.html.page import render_html

__all__ = ["render_html"]
