"""A warehouse with just enough corpus to compare an import with."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.study import Study
from python_assets.warehouse import Warehouse

TEXTS = "persona_id,persona_text,seed_user_id\nz,I like oil.,ann\na,I like cream.,\n"
ANSWERS = "persona_id,item_id,rating\nz,i1,+5\nz,i2,1.0\na,i1, 3\na,other,2\n"

CORPUS = """
create schema corpus; create schema probes;
create table corpus.users as select * from (values ('Beauty', 'ann'), ('Beauty', 'bob'), ('Games', 'bob')) as rows (split, user_id);
create table probes.probe_items as
select 'Beauty' as split, 'i' || number as item_id, number as probe_number from range(1, 5) as numbers (number)
union all select 'Games', 'g1', 1;
"""


@pytest.fixture
def study() -> Study:
    llm = {"backend": "transformers", "model": "m"}
    return Study.model_validate(
        {
            "name": "imports",
            "sources": [{"category": name, "reviews": f"{name}.jsonl"} for name in ("Beauty", "Games")],
            "splits": {"Beauty": ["Beauty"], "Games": ["Games"]},
            "populations": [
                {"name": "brought", "condition": "imported", "size": 3, "rater": {"backend": "imported"}},
                {
                    "name": "graded",
                    "condition": "imported",
                    "rater": {"backend": "imported", "elicitation": "expected", "model": "gpt"},
                },
                {"name": "rated_here", "condition": "imported", "rater": llm},
                {"name": "made_here", "condition": "grounded", "rater": llm},
            ],
        }
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb")
    made.prepare()
    made.write(lambda connection: connection.execute(CORPUS).fetchall())
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What is imported."""
    return tmp_path / "brought.csv"
