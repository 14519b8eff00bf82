"""Everything that Dagster sees: run `persona-fidelity dev`, or `dagster dev` in the project's folder."""

from __future__ import annotations

import sys
from html import escape
from multiprocessing import parent_process

import dagster as dg

from dagster_defs import interrupts  # noqa: F401
from python_assets.study.files import StudyError
from python_assets.warehouse.file_errors import WarehouseError


def is_shown() -> bool:
    """Whether a UI loads this, and no command or run, which fail with the sentence."""
    # A run of the UI is a child of the process that serves it, and is given its arguments.
    return "grpc" in sys.argv and parent_process() is None


try:
    from dagster_defs.wiring import defs
except (StudyError, WarehouseError) as error:
    if not is_shown():
        raise
    # The UI would show an empty graph, and the reason three pages further on.
    # A description is Markdown, which takes YAML's own words, such as <block end>, for HTML.
    why = f"{escape(str(error), quote=False)} Mend that, and press `Reload definitions`."
    defs = dg.Definitions(assets=[dg.AssetSpec("study_cannot_be_read", description=why, group_name="study")])
