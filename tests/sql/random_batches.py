"""Random things that happen to the reviews, items and settings of a simulated corpus."""

from __future__ import annotations

import numpy as np

from python_assets.warehouse import Warehouse
from tests.sql.batches import Batch
from tests.sql.simulated_rows import fill_raw, simulated_reviews, simulated_study
from tests.sql.support import fill_study

# Settings that change what is made of the same reviews.
SETTINGS = (
    "update raw.study set pair_min_gap = 2",
    "update raw.study set max_pairs_per_user = 6, seed = seed + 1",
    "update raw.study set core = core + 1",
    "update raw.study set grounding_window = 'all', title_chars = 9",
    "delete from raw.splits where split = 'Games'",
    "update raw.study set min_reviews = 8, top_items = 3",
    "update raw.populations set size = 7",
)
MOVES = (
    # New reviews: those held back that come next, and then some in no order of time.
    "insert into raw.reviews by name select * exclude (batch_id), '{batch}' as batch_id from held_back"
    " where line_number % 7 = {number} % 7;"
    " delete from held_back where line_number % 7 = {number} % 7",
    # Corrections of rating and text.
    "update raw.reviews set rating = 6 - rating, text = 'Corrected', batch_id = '{batch}' where line_number % 31 = {number}",
    # Reviews that are withdrawn, so that users and items fall out of the core.
    "delete from raw.reviews where line_number % 23 = {number}",
    # A better listing of some items, and a user who is gone.
    "update raw.items set title = title || ' (new)', batch_id = '{batch}' where line_number % 5 = {number} % 5",
    "delete from raw.reviews where user_id = (select min(user_id) from raw.reviews)",
)


def random_batches(seed: int, n: int) -> list[Batch]:
    """Each batch adds reviews and does one or two more things to ``raw``."""
    rng = np.random.default_rng(seed)
    batches = []
    for number in range(n):
        chosen = [MOVES[0], *rng.choice(MOVES[1:], size=2, replace=False), *rng.choice(SETTINGS, size=number % 2)]
        batches.append(Batch([str(move).format(batch=f"batch{number}", number=number + 1) for move in chosen]))
    return batches


def half_filled(warehouse: Warehouse, seed: int) -> str:
    """Fill an empty warehouse with half of the simulated reviews, the other half held back; its address."""
    warehouse.prepare()
    with warehouse.connect(read_only=False) as connection:
        fill_study(connection, simulated_study())
        fill_raw(connection, simulated_reviews(seed=seed))
        connection.execute("create table held_back as from raw.reviews where line_number % 2 = 0")
        connection.execute("delete from raw.reviews where line_number % 2 = 0")
    return warehouse.address
