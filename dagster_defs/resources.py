"""Resources: the warehouse, and chat models that stay loaded between two assets of one process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from dagster_defs.partitions import WORKSPACE
from dagster_defs.processes import held_by_others, record_process, release_killed_runs
from python_assets.addresses import open_warehouse
from python_assets.prepared import require_prepared, require_settings
from python_assets.study import Rater
from python_assets.warehouse import Warehouse

if TYPE_CHECKING:
    from python_assets.raters.chat import ChatModel

_OPEN: dict[str, tuple[ChatModel, str]] = {}
"""Each with the look of its files when it was loaded."""


class WarehouseResource(dg.ConfigurableResource):
    """The DuckDB file or the lake; assets open it for moments, never across training or LLM calls."""

    address: str
    _opened: Warehouse | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Name the run's process, which all its steps share: every job has a step that needs the warehouse."""
        if context.instance is None or context.run is None:
            return
        record_process(context.instance, context.run.run_id)
        release_killed_runs(context.instance)
        for line in held_by_others(context.instance, context.run.run_id):
            if context.log is not None:
                context.log.warning(line)

    def open(self) -> Warehouse:
        """Short-lived connections of one object, which knows a file that was there from one that is yet to be made."""
        self._opened = self._opened or open_warehouse(self.address)
        return self._opened

    def configured(self) -> Warehouse:
        """The same, for what ``prepare`` makes of the study's settings in ``raw``.

        Raises:
            WarehouseError: The study's file has changed since, or the settings are those of another study.
        """
        target = self.open()
        require_settings(target, WORKSPACE.study)
        return target

    def prepared(self) -> Warehouse:
        """The same, for what comes after ``prepare``.

        Raises:
            WarehouseError: The study's file has changed since ``prepare`` came to its end, or that was another study's.
        """
        target = self.open()
        require_prepared(target, WORKSPACE.study)
        return target


class ChatModels(dg.ConfigurableResource):
    """Loads a chat model once a process, and again where it was updated meanwhile.

    vLLM's stays: a GPU's memory is not given back before the process ends, which is one population's.
    """

    _unused: bool = PrivateAttr(default=False)

    def get(self, rater: Rater) -> ChatModel:
        """The model of a rater.

        Raises:
            ChatModelError: It cannot be loaded, or its runtime is not installed.
        """
        from python_assets.raters.chat import open_chat_model
        from python_assets.raters.model_state import model_looks

        key = f"{rater.backend}|{rater.model}|{rater.base_url}|{sorted(rater.options.items())}"
        looks = model_looks(rater)
        if key in _OPEN:
            model, loaded = _OPEN[key]
            if rater.backend == "vllm" or looks in {"", loaded}:
                return model
            del _OPEN[key]
            model.close()
        model = open_chat_model(rater)
        # One that was not here before has been fetched, and one of the hub may have been brought up to date.
        is_folder = Path(str(rater.model)).expanduser().is_dir()
        _OPEN[key] = model, looks if looks and is_folder else model_looks(rater)
        return model
