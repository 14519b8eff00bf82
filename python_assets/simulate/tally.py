"""What was written: counts that grow with every block, and the report at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from python_assets.simulate.blocks import Block, World


@dataclass(frozen=True)
class SimulationReport:
    """What was written. Lines are the reviews, the duplicates and the broken lines together.

    Attributes:
        users, items: Users and items of the corpus; an item may have no review.
        reviews: Different reviews, re-reviews included.
        rereviews: Reviews of an item that the same user had reviewed before.
        tied: Reviews with the timestamp of the same user's review before.
        duplicates: Lines that repeat another one.
        broken_lines: Lines that are no valid review.
        cross_category_users: Users active in more than one category.
        stars: Number of reviews with 1 to 5 stars.
        lines: Lines of each category's review file.
    """

    users: int
    items: int
    reviews: int
    rereviews: int
    tied: int
    duplicates: int
    broken_lines: int
    cross_category_users: int
    stars: tuple[int, ...]
    lines: dict[str, int]


class Tally:
    """Counts over the blocks written so far.

    Attributes:
        rating_sum, rating_count: Stars and number of an item's reviews, shape (items,).
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.rating_sum = np.zeros(len(world.catalogue.ids))
        self.rating_count = np.zeros(len(world.catalogue.ids), dtype=np.int64)
        self._stars = np.zeros(5, dtype=np.int64)
        self._lines = dict.fromkeys((name for name, _ in world.settings.categories), 0)
        self._rereviews = self._tied = self._cross_category_users = 0

    def add_block(self, block: Block) -> None:
        """Count a block's users and reviews."""
        np.add.at(self.rating_sum, block.histories.item, block.ratings)
        np.add.at(self.rating_count, block.histories.item, 1)
        self._stars += np.bincount(block.ratings - 1, minlength=5)
        self._rereviews += int(block.histories.rereview.sum())
        self._tied += int(block.histories.tied.sum())
        self._cross_category_users += int((block.histories.memberships.sum(axis=1) > 1).sum())

    def add_lines(self, category: str, lines: int) -> None:
        """Count lines written to a category's review file."""
        self._lines[category] += lines

    def report(self) -> SimulationReport:
        """The counts, to be taken after the last block."""
        settings, reviews = self._world.settings, int(self._stars.sum())
        return SimulationReport(
            users=settings.users,
            items=len(self._world.catalogue.ids),
            reviews=reviews,
            rereviews=self._rereviews,
            tied=self._tied,
            duplicates=sum(self._lines.values()) - reviews - settings.broken_lines,
            broken_lines=settings.broken_lines,
            cross_category_users=self._cross_category_users,
            stars=tuple(self._stars.tolist()),
            lines=dict(self._lines),
        )
