"""A population that takes fewer than all seed users takes the first by their order, whatever they are called."""

from __future__ import annotations

from pathlib import Path

from python_assets.personas.population import draft_population
from python_assets.study import Study
from python_assets.warehouse import Warehouse

PROFILES = """
    create schema personas;
    create table personas.grounding_profiles as
    select *, 'block' as top_items_block, 'histogram' as rating_hist, 9 as n_reviews
    from (values ('B', 'ann', 3), ('B', 'bob', 1), ('B', 'cat', 2), ('C', 'abe', 1)) as rows (split, user_id, seed_order)
"""


def test_the_first_of_the_split(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    warehouse.write(lambda connection: connection.execute(PROFILES).fetchall())
    settings = {"condition": "control", "rater": {"backend": "random"}, "size": 2}
    study = Study.model_validate(
        {
            "name": "s",
            "sources": [{"category": "B", "reviews": "b.jsonl"}],
            "splits": {"B": ["B"]},
            "populations": [{"name": "p", **settings}],
        }
    )
    drafts = draft_population(warehouse, study, study.population("p"), split="B")
    assert [draft.seed_user_id for draft in drafts] == ["bob", "cat"]
