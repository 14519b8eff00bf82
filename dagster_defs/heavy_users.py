"""Users whose pairs explode, said where a run is followed: the data test that warns of them is seen in the UI alone."""

from __future__ import annotations

from python_assets.warehouse import Warehouse

HEAVY_USERS = """
    select split, count(*), sum(kept_pairs) / (select sum(n_pairs) from corpus.users where users.split = heavy_users.split)
    from corpus.heavy_users
    where kept_pairs >= 1000000
    group by split
    order by split
"""


def heavy_user_warnings(warehouse: Warehouse) -> list[str]:
    """A sentence for each split with users of a million kept pairs or more: how many, and their share of all pairs."""
    return [
        f"{split}: {_users(n_users)}, {share:.0%} of all pairs: `pairs: {{max_pairs_per_user: ...}}` in the study caps them"
        for split, n_users, share in warehouse.rows(HEAVY_USERS)
    ]


def _users(number: int) -> str:
    if number == 1:
        return "one user makes a million pairs or more"
    return f"{number:,} users make a million pairs or more each"
