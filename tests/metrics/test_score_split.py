"""Which real users a population is held against."""

from __future__ import annotations

import numpy as np
import pytest

from python_assets.encoder.store import Users
from python_assets.metrics.score_split import compared, scores_seed
from python_assets.study import Study

USERS = Users(np.array(["a", "b", "c"]), np.eye(3), 2 * np.eye(3), np.array([4, 0, 1]))


def study(users: str = "all", seed: int = 1) -> Study:
    return Study.model_validate(
        {
            "name": "s",
            "seed": seed,
            "sources": [{"category": "B", "reviews": "b.jsonl"}],
            "splits": {"B": ["B"]},
            "populations": [{"name": "p", "condition": "control", "rater": {"backend": "perfect"}}],
            "metrics": {"users": users},
        }
    )


@pytest.mark.parametrize(("users", "rows"), [("all", [0, 1, 2]), ("with_pairs", [0, 2])])
def test_users_without_a_pair_can_be_left_out(users: str, rows: list[int]) -> None:
    for found, column in zip(compared(USERS, study(users)), USERS, strict=True):
        np.testing.assert_array_equal(found, column[rows])


def test_populations_of_a_split_and_instrument_meet_the_same_users_and_no_others() -> None:
    asked = [(study(), "B", "paper"), (study(), "A", "paper"), (study(), "B", "other"), (study(seed=2), "B", "paper")]
    assert len({scores_seed(*which) for which in asked}) == 4
