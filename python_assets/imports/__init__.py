"""Personas and answers made elsewhere: files into ``raw.imported_*``, and from there into ``ml`` like our own."""

from python_assets.imports.files import ImportFileError
from python_assets.imports.load import Imported, import_personas, import_ratings

__all__ = ["ImportFileError", "Imported", "import_personas", "import_ratings"]
