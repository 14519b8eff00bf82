"""Simulate a review corpus in the layout of Amazon Reviews 2023 (hyp1231/AmazonReviews2023)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from python_assets.seeds import derive_seed
from python_assets.simulate import planted
from python_assets.simulate.blocks import BLOCK_USERS, Block, World, draw_block, draw_world
from python_assets.simulate.dirt import breakages, broken, with_duplicates
from python_assets.simulate.files import PendingFiles
from python_assets.simulate.metadata import metadata_lines
from python_assets.simulate.reviews import item_words, review_lines
from python_assets.simulate.settings import SimulationSettings
from python_assets.simulate.tally import SimulationReport, Tally


def simulate(
    settings: SimulationSettings, out: Path, *, progress: bool = False, overwrite: bool = False
) -> SimulationReport:
    """Write a corpus and its planted truth.

    Files are ``raw/review_categories/{Category}.jsonl.gz`` (grouped by user, oldest review first),
    ``raw/meta_categories/meta_{Category}.jsonl.gz``, ``planted_users.parquet`` and ``planted_items.parquet``.
    The same settings always give the same lines. An interrupted simulation leaves no file: run it again.

    Args:
        settings: What the corpus looks like.
        out: Folder to write to.
        progress: Show a progress bar.
        overwrite: Write into a folder that is not empty; files of the same name are replaced, others stay.

    Raises:
        SimulationError: The folder is not empty or cannot be written.
    """
    with PendingFiles(out, overwrite=overwrite) as files:
        names = [name for name, _ in settings.categories]
        review_files = [files.gzip(f"raw/review_categories/{name}.jsonl.gz") for name in names]
        planted_users = files.parquet(planted.USERS_FILE, planted.USERS_SCHEMA)
        world = draw_world(settings)
        words, tally = item_words(world), Tally(world)
        blocks = -(-settings.users // BLOCK_USERS)
        for index in tqdm(range(blocks), desc="simulate", unit="block", disable=not progress):
            rng = np.random.default_rng(derive_seed(settings.seed, "block", index))
            block = draw_block(world, index, rng)
            lines = review_lines(world, words, block, rng)
            for category, (name, file) in enumerate(zip(names, review_files, strict=True)):
                spoilt = breakages(settings, block=index, blocks=blocks, category=category)
                written = _with_dirt(world, block, lines, category, spoilt, rng)
                file.write("".join(written).encode(errors="surrogateescape"))
                tally.add_lines(name, len(written))
            planted_users.write_table(planted.users_table(world, block))
            tally.add_block(block)
        for category, name in enumerate(names):
            meta = files.gzip(f"raw/meta_categories/meta_{name}.jsonl.gz")
            meta.writelines(
                line.encode() for line in metadata_lines(world, category, tally.rating_sum, tally.rating_count)
            )
        files.parquet(planted.ITEMS_FILE, planted.ITEMS_SCHEMA).write_table(planted.items_table(world))
    return tally.report()


def _with_dirt(
    world: World, block: Block, lines: list[str], category: int, spoilt: list[int], rng: np.random.Generator
) -> list[str]:
    """One category's lines of a block as they stand in the file: some twice, some broken."""
    rows = np.flatnonzero(world.catalogue.category[block.histories.item] == category)
    order = rows[with_duplicates(len(rows), world.settings.duplicate_share, rng)]
    written = [lines[row] for row in order.tolist()]
    for number in spoilt:
        place = int(rng.integers(len(written) + 1))
        written.insert(place, broken(lines[int(rng.integers(len(lines)))], number))
    return written
