"""Every persona population beside perfect stand-ins, whichever of the two was scored first."""

from __future__ import annotations

import duckdb

from python_assets.encoder.store import load_users
from python_assets.metrics.score_split import PLACES, compared, scores_seed
from python_assets.metrics.scores import METRICS
from python_assets.metrics.stand_ins import perfect_population, perfect_values
from python_assets.study import Study
from python_assets.warehouse import Warehouse
from python_assets.warehouse.columns import to_matrix

SCORED = """
    select population, any_value(n) from ml.population_scores
    where split = $split and instrument = $instrument and source = 'persona' and population in (select unnest($names))
    group by population order by population
"""
# Other references take scores away, and not places: those of who has no scores may be of a former encoder.
HAS_SCORES = """
    select 1 from ml.population_scores
    where split = $split and instrument = $instrument and population = $population limit 1
"""
UPDATE = """
    update ml.population_scores set perfect_value = $value
    where split = $split and instrument = $instrument and population = $population and metric = $metric
"""


def hold_against(warehouse: Warehouse, study: Study, population: str, *, split: str, instrument: str) -> None:
    """Score the perfect rater's stand-ins in the place of persona populations that have scores.

    A perfect rater that has none itself, as it failed, stands in for nobody.

    Args:
        warehouse: Holds places and scores.
        study: Seed, metrics and populations.
        population: Whose scores have just been written: itself, or all others if it is the perfect rater's.
        split: Product split.
        instrument: What measures.
    """
    perfect, key = perfect_population(study), {"split": split, "instrument": instrument}
    others = [other.name for other in study.populations] if population == perfect else [population]
    scored = warehouse.rows(SCORED, {**key, "names": others})
    if perfect is None or not scored:
        return
    with warehouse.reading():
        users = compared(load_users(warehouse, **key, seed=study.seed), study)
        is_scored = bool(warehouse.rows(HAS_SCORES, {**key, "population": perfect}))
        places = {name: warehouse.read(PLACES, {**key, "population": name}) for name in (perfect, *dict(scored))}
    people = {name: table["seed_user_id"].to_pylist() for name, table in places.items()}
    stand_ins = dict(zip(people[perfect], to_matrix(places[perfect]["embedding"]), strict=True)) if is_scored else {}
    seed = scores_seed(study, split, instrument)
    values = {
        name: perfect_values(users.embeddings, stand_ins, people[name], n=n, settings=study.metrics, seed=seed)
        for name, n in scored
    }

    def write(connection: duckdb.DuckDBPyConnection) -> None:
        for name, found in values.items():
            for metric in METRICS:
                value = found.get(metric)
                connection.execute(UPDATE, {**key, "population": name, "metric": metric, "value": value})

    warehouse.write(write)
