"""Figure 4 draws what other real users reach at each population's own size."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from python_assets.report import build_report
from python_assets.report.data import read_tables
from python_assets.report.figure4_local_global import _floors
from tests.report.support import fill
from tests.report.world import GROUNDED, PERFECT, Instrument, World


def test_figure_4_draws_every_instruments_floor_at_the_populations_own_size(tmp_path: Path) -> None:
    fewer = replace(GROUNDED, name="fewer")
    warehouse = fill(tmp_path / "w.duckdb", World(populations=(GROUNDED, fewer, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.fgi set floor_value = 0.99 where population = 'perfect'")
        connection.execute("update results.fgi set floor_value = 0.6 where instrument = 'paper' and source = 'persona'")
        connection.execute("update results.fgi set floor_value = 0.9, n = 12 where population = 'fewer'")
        data = read_tables(connection)
    floors = [floor for _, *floor in _floors(data, data.fidelity)]
    assert floors == [
        [0.95, "126 other real users, instrument calibrated"],
        [0.9, "12 other real users, instrument calibrated"],
        [0.9, "12 other real users, instrument paper"],
        [0.6, "126 other real users, instrument paper"],
    ]


def test_figure_4_names_the_size_of_a_floor_only_where_there_are_several(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "w.duckdb", World(instruments={"paper": Instrument()}, populations=(GROUNDED, PERFECT)))
    with warehouse.connect(read_only=False) as connection:
        connection.execute("update results.fgi set floor_value = 0.99, n = 500 where population = 'perfect'")
    page = build_report(warehouse, tmp_path / "report.html", map_epochs=5).read_text(encoding="utf-8")
    (figure,) = re.findall(r'<figure id="figure4">.*?</figure>', page, flags=re.S)
    assert re.findall(r">([^<]*other real users[^<]*)</text>", figure) == ["other real users"]
    with warehouse.connect() as connection:
        data = read_tables(connection)
    assert _floors(data, data.fidelity) == [(0, 0.95, "other real users")]
