"""Ingest: review and item files into ``raw``, every line accounted for."""

from python_assets.ingest.errors import IngestError
from python_assets.ingest.files import resolve_files
from python_assets.ingest.formats import Layout, detect_format
from python_assets.ingest.ledger import FileReport
from python_assets.ingest.load import ingest_file

__all__ = ["FileReport", "IngestError", "Layout", "detect_format", "ingest_file", "resolve_files"]
