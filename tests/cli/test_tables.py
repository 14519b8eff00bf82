"""The table that `run` ends with."""

from __future__ import annotations

from pathlib import Path

from dagster_defs.cli.tables import fidelity_table
from tests.report.support import fill
from tests.report.world import PERFECT, Instrument, Personas, World

LONG = "grounded_by_a_model_of_2026_with_temperature_0"


def test_names_are_whole_and_numbers_have_as_many_digits(tmp_path: Path) -> None:
    people = [Personas(f"{LONG}{i}", coverage={"paper": 1.0 - i / 8}) for i in range(2)]
    world = World(instruments={"paper": Instrument()}, populations=(*people, PERFECT), n_users=20)
    head, _, *rows = fidelity_table(fill(tmp_path / "w.duckdb", world)).splitlines()
    where = head.index(" cover") - 2, head.index(" cover") + 6
    found = {row.split()[1]: row[slice(*where)].strip() for row in rows if row}
    assert (found[f"{LONG}0"], found[f"{LONG}1"], found["perfect"]) == ("1.000", "0.875", "0.360")
    assert found["synthetic_prototype"] == "0.000"
