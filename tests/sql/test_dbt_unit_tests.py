"""dbt's own tests: the unit tests with tiny rows beside each model, and the data tests on a simulated corpus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sql.conftest import Built
from tests.sql.support import PROJECT

# Models that only pass columns on have nothing to get wrong.
WITHOUT_LOGIC = {"demographic_marginals"}


def test_build_succeeds(simulated: Built) -> None:
    assert simulated.run.returncode == 0, simulated.run.output[-4000:]


def test_every_unit_test_passes(simulated: Built) -> None:
    statuses = simulated.run.named("unit_test.persona_fidelity.")
    assert len(statuses) >= 29
    assert {name: status for name, status in statuses.items() if status != "pass"} == {}


def test_every_model_with_logic_has_a_unit_test(simulated: Built) -> None:
    tested = {name.split(".")[0] for name in simulated.run.named("unit_test.persona_fidelity.")}
    models = {path.stem for path in (PROJECT / "models").glob("*/*.sql")}
    assert models - tested == WITHOUT_LOGIC


def test_every_data_test_passes(simulated: Built) -> None:
    statuses = simulated.run.named("test.persona_fidelity.")
    assert sum(name.startswith("assert_") for name in statuses) >= 14
    assert {name: status for name, status in statuses.items() if status != "pass"} == {}


@pytest.mark.parametrize("path", sorted((PROJECT / "models").glob("*/*.sql")), ids=lambda path: path.stem)
def test_every_window_is_ordered(path: Path) -> None:
    """`row_number()` without an order picks rows as the engine happens to read them."""
    for window in re.findall(r"row_number\(\) over \((.*?)\n\s*\)", path.read_text(), flags=re.DOTALL):
        assert "order by" in window
