"""Which texts of a catalogue are embedded, and which vector an item carries."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from python_assets.text import items
from python_assets.text.items import EmbeddedItems, embed_new_items
from python_assets.text.minilm import embed_texts
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix

TEXTS = {"a": "Rose water toner", "b": "Guitar strings", "c": "Rose water toner"}


def fill(warehouse: Warehouse, texts: dict[str, str], *, corpus: set[str] | None = None) -> None:
    rows = [("Beauty", item, text, hashlib.md5(text.encode()).hexdigest()) for item, text in texts.items()]
    with warehouse.connect(read_only=False) as connection:
        connection.execute("create schema if not exists staging; create schema if not exists corpus")
        connection.execute(
            "create or replace table staging.stg_items (category varchar, item_id varchar, item_text varchar, text_hash varchar)"
        )
        connection.executemany("insert into staging.stg_items values (?, ?, ?, ?)", rows)
        connection.execute("create or replace table corpus.items as select category, item_id from staging.stg_items")
        if corpus is not None:
            connection.execute("delete from corpus.items where item_id not in (select unnest(?))", [sorted(corpus)])


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    fill(made, TEXTS)
    return made


def embed(warehouse: Warehouse) -> EmbeddedItems:
    return embed_new_items(warehouse, code_version="test")


def vectors(warehouse: Warehouse) -> dict[str, np.ndarray]:
    table = warehouse.read("select item_id, embedding from ml.item_embeddings order by item_id")
    return dict(zip(table["item_id"].to_pylist(), to_matrix(table["embedding"]), strict=True))


def test_items_of_one_text_share_one_computation(warehouse: Warehouse) -> None:
    done = embed(warehouse)
    assert (done.n_items, done.n_new) == (3, 2)
    found = vectors(warehouse)
    np.testing.assert_array_equal(found["a"], found["c"])
    np.testing.assert_array_equal(found["b"], embed_texts([TEXTS["b"]])[0])


def test_a_second_run_computes_nothing_and_changes_nothing(warehouse: Warehouse) -> None:
    embed(warehouse)
    before = warehouse.read("select * from ml.item_embeddings order by all").to_pylist()
    assert embed(warehouse)[:2] == (3, 0)
    assert warehouse.read("select * from ml.item_embeddings order by all").to_pylist() == before


def test_only_new_and_changed_texts_are_computed(warehouse: Warehouse) -> None:
    embed(warehouse)
    fill(warehouse, TEXTS | {"b": "Bass strings", "d": "Night cream", "e": "Guitar strings"})
    assert embed(warehouse).n_new == 2  # e takes the vector that b had
    found = vectors(warehouse)
    np.testing.assert_array_equal(found["b"], embed_texts(["Bass strings"])[0])
    np.testing.assert_array_equal(found["e"], embed_texts(["Guitar strings"])[0])


def test_vectors_of_other_weights_are_replaced(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    embed(warehouse)
    monkeypatch.setattr(items, "WEIGHTS_SHA256", "other")
    assert embed(warehouse)[:2] == (3, 2)
    assert warehouse.rows("select distinct model_sha256 from ml.item_embeddings") == [("other",)]
    assert embed(warehouse)[:2] == (3, 0)


def test_items_outside_the_corpus_are_left_out(warehouse: Warehouse) -> None:
    fill(warehouse, TEXTS, corpus={"b"})
    embed(warehouse)
    assert set(vectors(warehouse)) == {"b"}


def test_a_killed_run_loses_one_chunk_at_most(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(warehouse, {f"item{n}": f"Product number {n}" for n in range(10)})
    monkeypatch.setattr(items, "CHUNK", 4)
    calls: list[int] = []

    def dies_in_the_third_chunk(texts: list[str]) -> np.ndarray:
        calls.append(len(texts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return embed_texts(texts)

    monkeypatch.setattr(items, "embed_texts", dies_in_the_third_chunk)
    with pytest.raises(KeyboardInterrupt):
        embed(warehouse)
    assert len(vectors(warehouse)) == 8
    assert embed(warehouse)[:2] == (10, 2)
