"""The real review excerpts as rows of ``raw``, read without the project's own ingest so that SQL is tested by itself."""

from __future__ import annotations

from pathlib import Path

import duckdb

FILES = {
    "All_Beauty": ("amazon_2023/All_Beauty/All_Beauty.jsonl.gz", "amazon_2023/All_Beauty/meta_All_Beauty.jsonl.gz"),
    "Gift_Cards": (
        "amazon_2018/Gift_Cards/Gift_Cards_5.json.gz",
        "amazon_2018/Gift_Cards/meta_Gift_Cards.json.gz",
    ),
    "Magazine_Subscriptions": (
        "amazon_2018/Magazine_Subscriptions/Magazine_Subscriptions_5.json.gz",
        "amazon_2018/Magazine_Subscriptions/meta_Magazine_Subscriptions.json.gz",
    ),
}

REVIEWS_2023 = """
    select user_id, parent_asin as item_id, epoch_ms(timestamp) as reviewed_at, rating, title, text
    from read_json(?, columns = {user_id: 'varchar', parent_asin: 'varchar', timestamp: 'bigint', rating: 'double',
                                 title: 'varchar', text: 'varchar'})
"""
REVIEWS_2018 = """
    select "reviewerID" as user_id, asin as item_id, epoch_ms("unixReviewTime" * 1000) as reviewed_at, overall as rating,
        summary as title, "reviewText" as text
    from read_json(?, columns = {reviewerID: 'varchar', asin: 'varchar', unixReviewTime: 'bigint', overall: 'double',
                                 summary: 'varchar', reviewText: 'varchar'})
"""
ITEMS_2023 = """
    select parent_asin as item_id, title, array_to_string(description, ' ') as description, null as features,
        details ->> '$.Brand' as brand, categories as item_categories
    from read_json(?, columns = {parent_asin: 'varchar', title: 'varchar', description: 'varchar[]', details: 'json',
                                 categories: 'varchar[]'})
"""
ITEMS_2018 = """
    select asin as item_id, title, array_to_string(description, ' ') as description,
        array_to_string(feature, ' ') as features, brand, category as item_categories
    from read_json(?, columns = {asin: 'varchar', title: 'varchar', description: 'varchar[]', feature: 'varchar[]',
                                 brand: 'varchar', category: 'varchar[]'})
"""


def load_real_files(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Insert every review and item of the three real categories."""
    for category, (reviews, items) in FILES.items():
        year_2023 = reviews.startswith("amazon_2023")
        _insert(connection, "raw.reviews", category, root / reviews, REVIEWS_2023 if year_2023 else REVIEWS_2018)
        _insert(connection, "raw.items", category, root / items, ITEMS_2023 if year_2023 else ITEMS_2018)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, category: str, path: Path, query: str) -> None:
    connection.execute(
        f"""
        insert into {table} by name
        select *, ? as category, ? as file, row_number() over () as line_number, 'batch' as batch_id from ({query})
        """,
        [category, path.name, str(path)],
    )
