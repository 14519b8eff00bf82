"""Asking for the warehouse file, whatever it is called by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.warehouse.turn import Turn, is_asked_for


@pytest.mark.parametrize(("asked", "held"), [("link", "real"), ("real", "link"), ("real", "real")])
def test_a_link_asks_for_the_file_that_it_leads_to(tmp_path: Path, asked: str, held: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    names = {"real": tmp_path / "elsewhere" / "w.duckdb", "link": tmp_path / "mine.duckdb"}
    names["real"].touch()
    names["link"].symlink_to(names["real"])
    assert not is_asked_for(names[held])
    turn = Turn(5, lambda _: None, names[asked])
    assert turn.wait("in use")
    assert is_asked_for(names[held])
    turn.over()
    assert not is_asked_for(names[held])
