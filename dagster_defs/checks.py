"""Checks on what Python writes; what dbt writes is checked by its own data tests."""

import dagster as dg

from dagster_defs.resources import WarehouseResource
from python_assets.encoder.data import BEHIND, ENCODERS

# name -> (asset, what is counted, how many rows break the rule)
RULES: dict[str, tuple[list[str], str, str]] = {
    "file_counts_reconcile": (
        ["raw", "ingested_files"],
        "files whose read lines are not accepted, rejected or duplicate",
        "select count(*) from raw.ingested_files where n_read <> n_accepted + n_rejected + n_duplicate",
    ),
    "every_catalogue_item_has_a_vector": (
        ["ml", "item_embeddings"],
        "catalogue items without a text vector",
        """
        select count(*) from corpus.items as items
        left join ml.item_embeddings as vectors on items.category = vectors.category and items.item_id = vectors.item_id
        where vectors.item_id is null
        """,
    ),
    "every_user_has_a_place": (
        ["ml", "user_embeddings"],
        "users of an encoded split without a place",
        f"""
        select count(*) from ({ENCODERS}) as runs
        inner join corpus.users as users on runs.split = users.split
        left join ml.user_embeddings as places
            on runs.split = places.split and runs.instrument = places.instrument and runs.seed = places.seed
            and users.user_id = places.user_id
        where places.user_id is null
        """,
    ),
    "ratings_in_range": (
        ["ml", "ratings"],
        "accepted ratings outside 1 to 5",
        "select count(*) from ml.ratings where status = 'ok' and coalesce(rating, expected_rating) not between 1 and 5",
    ),
    "placed_exactly_with_pairs": (
        ["ml", "persona_embeddings"],
        "personas placed without a pair, or not placed with one",
        "select count(*) from ml.persona_embeddings where placed <> (n_pairs > 0)",
    ),
    "placed_with_the_present_probes": (
        ["ml", "persona_embeddings"],
        "personas that were placed with other probes than the present ones",
        """
        select count(*) from ml.persona_embeddings as places
        semi join raw.populations using (population)
        semi join raw.instruments using (instrument)
        inner join probes.probe_sets as present on places.split = present.split
        where places.probe_set_hash is distinct from present.probe_set_hash
        """,
    ),
    "scores_are_finite": (
        ["ml", "population_scores"],
        "scores that are missing or not finite",
        "select count(*) from ml.population_scores where value is null or not isfinite(value)",
    ),
}


def _check(name: str, asset: list[str], what: str, sql: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=dg.AssetKey(asset), name=name, description=f"No {what}.")
    def check(warehouse: WarehouseResource) -> dg.AssetCheckResult:
        count = warehouse.open().rows(sql)[0][0]
        return dg.AssetCheckResult(passed=count == 0, metadata={"rows": count}, description=f"{what}: {count:,}")

    return check


@dg.asset_check(
    asset=dg.AssetKey(["ml", "user_embeddings"]),
    additional_deps=[dg.AssetKey(["corpus", "interactions"]), dg.AssetKey(["corpus", "users"])],
    description="No user of an encoded split is new, gone or changed since the encoder placed the users.",
)
def follows_the_corpus(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Freshness: whether the encoders' users are those of the corpus as it is now. `prepare` ends with it.

    Whether populations and results follow the encoders is not looked at here: `run` and `refresh_sensor` do that.
    """
    behind = dict(warehouse.open().rows(BEHIND))
    splits = ", ".join(f"{split} ({users:,} users)" for split, users in behind.items())
    return dg.AssetCheckResult(
        passed=not behind,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"users": sum(behind.values()), "users_by_split": behind},
        description=f"Results are older than the corpus in {splits}: `run` refreshes them." if behind else "Up to date",
    )


CHECKS: list[dg.AssetChecksDefinition] = [*(_check(name, *rule) for name, rule in RULES.items()), follows_the_corpus]
