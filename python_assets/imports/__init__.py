"""Personas and answers made elsewhere: files into ``raw.imported_*``, and from there into ``ml`` like our own."""

from python_assets.imports.files import ImportFileError
from python_assets.imports.load import Imported, import_personas, import_ratings
from python_assets.imports.withdraw import Withdrawn, withdraw_import

__all__ = ["ImportFileError", "Imported", "Withdrawn", "import_personas", "import_ratings", "withdraw_import"]
