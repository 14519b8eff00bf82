"""One self-contained HTML page about the study in a warehouse."""

from python_assets.report.page import build_report

__all__ = ["build_report"]
