"""Ingest: review and item files into ``raw``, every line accounted for."""

from python_assets.ingest.errors import IngestError, NoFileError
from python_assets.ingest.files import resolve_files
from python_assets.ingest.formats import Layout, detect_format
from python_assets.ingest.ledger import FileReport, in_words, known_readings
from python_assets.ingest.load import ingest_file
from python_assets.ingest.sources import SourceFile, source_files
from python_assets.ingest.uses import missing_files, other_uses, unnamed_files
from python_assets.ingest.withdraw import Withdrawal, withdraw_files

__all__ = [
    "FileReport",
    "IngestError",
    "Layout",
    "NoFileError",
    "SourceFile",
    "Withdrawal",
    "detect_format",
    "in_words",
    "ingest_file",
    "known_readings",
    "missing_files",
    "other_uses",
    "resolve_files",
    "source_files",
    "unnamed_files",
    "withdraw_files",
]
