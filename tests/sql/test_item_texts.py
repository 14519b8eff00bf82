"""What personas and the sentence encoder read of real, dirty catalogues."""

from __future__ import annotations

import re

import pytest

from tests.sql.conftest import Built

LEFT_OVERS = re.compile(
    r"</?[a-z]|/>|&#?\w+;|getTime|a-size-medium|\[\[[A-Z]+|[\x00-\x1f\x7f-\x9f\u200b\ufffd]| {2}", re.I
)


@pytest.fixture(scope="module")
def items(real: Built) -> list[dict[str, str]]:
    return real.warehouse.read("select * from staging.stg_items").to_pylist()


@pytest.mark.parametrize("column", ["item_title", "item_category", "item_description", "item_text", "brand"])
def test_no_markup_is_left(items: list[dict[str, str]], column: str) -> None:
    assert [item[column] for item in items if LEFT_OVERS.search(item[column] or "")] == []


def test_lengths(items: list[dict[str, str]]) -> None:
    assert len(items) == 661
    assert all(1 <= len(item["item_text"]) <= 1000 and len(item["item_description"]) <= 500 for item in items)
    assert max(len(item["item_text"]) for item in items) == 1000


def test_junk_titles_give_way_to_the_description(items: list[dict[str, str]]) -> None:
    magazines = {item["item_id"]: item for item in items if item["category"] == "Magazine_Subscriptions"}
    described = [item for item in magazines.values() if item["text_source"] == "description"]
    assert len(described) == 148
    titles = {item["item_title"] for item in described}
    assert any(title.startswith("Conde Nast Publications: Women - Vogue is the fashion authority") for title in titles)
    unlisted = {item["item_title"] for item in magazines.values() if item["text_source"] == "category_only"}
    assert unlisted == {"Unlisted Magazine Subscriptions item"}


def test_text_hash_names_the_text(items: list[dict[str, str]]) -> None:
    assert len({item["text_hash"] for item in items}) == len({item["item_text"] for item in items})


def test_profile_lines(real: Built) -> None:
    """Every line of every profile has its three or four fields, and none shows a held-out review."""
    blocks = real.warehouse.rows("select top_items_block from personas.grounding_profiles")
    lines = [line for (block,) in blocks for line in block.split("\n")]
    assert len(lines) > 1000
    shape = re.compile(r'- rating [1-5] \| [^|]+ \| [^|]{1,120}( \| "[^"|]*[^"]*")?')
    assert [line for line in lines if not shape.fullmatch(line)] == []
    assert [line for line in lines if LEFT_OVERS.search(line)] == []
