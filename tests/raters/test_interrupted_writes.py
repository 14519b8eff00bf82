"""An interrupt that hits a write, and not the model: what has arrived is kept all the same, and what is under way too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from python_assets.raters import answers as store
from python_assets.raters.answers import ask_missing
from python_assets.raters.chat import open_chat_model
from python_assets.warehouse import Warehouse
from tests.raters.fake_model import FakeModel
from tests.raters.loopback import REQUESTS, Reply, completion, rater, server
from tests.raters.test_answers import RATER, n_stored, requests
from tests.raters.test_openai_faults import Stopped


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb", wait_seconds=1)
    made.prepare()
    return made


def once(stop: type[BaseException]) -> Callable[..., None]:
    """Store answers, but for the first time, which an interrupt breaks off."""
    broken: list[bool] = []

    def interrupted(*arguments: Any, **more: Any) -> None:
        if not broken:
            broken.append(True)
            raise stop
        store_answers(*arguments, **more)

    store_answers = store.store_answers
    return interrupted


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stopped])
def test_a_chunk_whose_write_was_interrupted_is_kept(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    monkeypatch.setattr(store, "store_answers", once(stop))
    with pytest.raises(stop):
        ask_missing(warehouse, FakeModel(), requests(), settings=RATER)
    assert n_stored(warehouse) == 10


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stopped])
@pytest.mark.parametrize("hit", ["a write", "who uses the answers"])
def test_answers_under_way_are_kept_whatever_the_interrupt_hits(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException], hit: str
) -> None:
    all_asked = threading.Barrier(3)

    def reply(body: dict[str, Any]) -> Reply:
        all_asked.wait(timeout=10)
        if not body["messages"][1]["content"].endswith("0."):
            time.sleep(0.5)
        return 200, completion("3")

    def interrupt(done: int, wanted: int) -> None:
        if done:
            raise stop

    if hit == "a write":
        monkeypatch.setattr(store, "FLUSH_SECONDS", -1.0)
        monkeypatch.setattr(store, "store_answers", once(stop))
    with server(reply) as url:
        settings = rater(url, options={"concurrency": 3})
        progress = None if hit == "a write" else interrupt
        with pytest.raises(stop):
            ask_missing(warehouse, open_chat_model(settings), REQUESTS[:3], settings=settings, progress=progress)
    assert n_stored(warehouse) == 3
