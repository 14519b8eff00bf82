"""What is odd about a corpus, said where a run is followed: data tests that warn are seen in the UI alone."""

from __future__ import annotations

from python_assets.warehouse import Warehouse

HEAVY_USERS = """
    select split, count(*), sum(kept_pairs) / (select sum(n_pairs) from corpus.users where users.split = heavy_users.split)
    from corpus.heavy_users
    where kept_pairs >= 1000000
    group by split
    order by split
"""
# Few are lost to any corpus that grows: a tenth is worth a word.
LOST_PROBES = """
    select split, n_out_of_corpus, n_probes from probes.probe_sets
    semi join raw.splits using (split)
    where n_out_of_corpus >= 0.1 * n_probes
    order by split
"""


def heavy_user_warnings(warehouse: Warehouse) -> list[str]:
    """A sentence for each split with users of a million kept pairs or more: how many, and their share of all pairs."""
    return [
        f"{split}: {_users(n_users)}, {share:.0%} of all pairs: `pairs: {{max_pairs_per_user: ...}}` in the study caps them"
        for split, n_users, share in warehouse.rows(HEAVY_USERS)
    ]


def lost_probe_warnings(warehouse: Warehouse) -> list[str]:
    """A sentence for each split that lost a tenth of its probes or more."""
    return [
        f"{split}: {n_lost:,} of {n_probes:,} probes have fallen out of the corpus: `probes: {{refresh: true}}` in the study chooses new ones"
        for split, n_lost, n_probes in warehouse.rows(LOST_PROBES)
    ]


def _users(number: int) -> str:
    if number == 1:
        return "one user makes a million pairs or more"
    return f"{number:,} users make a million pairs or more each"
