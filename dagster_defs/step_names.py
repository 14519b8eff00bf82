"""What Dagster's steps are called where a person reads of them."""

from __future__ import annotations

import re


def step_name(step_key: str | None) -> str:
    """Of a step that makes one table the table, as queries name it; of a part of the SQL models no number.

    Dagster takes no dots, and numbers the parts into which it cuts dbt's models.
    """
    return re.sub(r"_\d+$", "", step_key or "step").replace("__", ".", 1)
