"""The probe items of a split, with everything that raters, placement and scores need of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix

PROBES = """
    select probes.*, embeddings.embedding
    from probes.probe_items as probes
    inner join ml.item_embeddings as embeddings
        on probes.category = embeddings.category and probes.item_id = embeddings.item_id
    where probes.split = ?
    order by probes.probe_number
"""


class ProbeItems(NamedTuple):
    """M probes in the order of their numbers.

    Attributes:
        item_ids: Shape (M,).
        vectors: phi of each, shape (M, 384).
        n_reviews: Review counts, shape (M,).
        table: Rows of ``probes.probe_items`` with titles, categories and descriptions.
    """

    item_ids: list[str]
    vectors: np.ndarray
    n_reviews: np.ndarray
    table: pa.Table


def read_probes(warehouse: Warehouse, split: str) -> ProbeItems:
    """The probes of a split.

    Raises:
        ValueError: There are none yet.
    """
    table = warehouse.read(PROBES, [split])
    if not table.num_rows:
        raise ValueError(f"Split {split} has no probe items yet: materialise probes/probe_items first.")
    return ProbeItems(
        item_ids=table["item_id"].to_pylist(),
        vectors=to_matrix(table["embedding"]),
        n_reviews=table["n_reviews"].to_numpy(),
        table=table.drop_columns(["embedding"]),
    )
