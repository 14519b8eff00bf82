"""What is said when a step fails."""

from __future__ import annotations

import dagster as dg
import pytest

from dagster_defs.failures import first_cause, in_one_line
from python_assets.lake.errors import AGAIN
from python_assets.warehouse.file_errors import WarehouseError

DBT = """dagster_dbt.errors.DagsterDbtCliRuntimeError: The dbt CLI process with command

`dbt build --select persona_fidelity.corpus.items persona_fidelity.corpus.users`

failed with exit code `1`. Check the stdout in the Dagster compute logs for the full information about the error, or view \
the dbt debug log: /home/me/dbt_project/target/dbt_models-34ac313-2f1c9ac/dbt.log.

Errors parsed from dbt logs:

54 of 106 ERROR creating sql table model probes.item_bands ..................... [\x1b[31mERROR\x1b[0m in 0.25s]

"""
FULL_DISK = (
    DBT
    + """\x1b[31mFailure in model item_bands (../models/probes/item_bands.sql)\x1b[0m

  Runtime Error in model item_bands (../models/probes/item_bands.sql)
  TransactionContext Error: Failed to commit: Could not write file "/w/small.duckdb.wal": No space left on device

\x1b[31mFailure in model users (../models/corpus/users.sql)\x1b[0m

  Runtime Error in model users (../models/corpus/users.sql)
  TransactionContext Error: Failed to commit: Could not write file "/w/small.duckdb.wal": No space left on device
"""
)
BROKEN_RULE = (
    DBT
    + """\x1b[31mFailure in test assert_core_is_a_core (data-tests/assert_core_is_a_core.sql)\x1b[0m

  Got 3 results, configured to fail if != 0

  compiled code at target/compiled/persona_fidelity/data-tests/assert_core_is_a_core.sql
"""
)
COPY = 'Failed to prepare COPY "COPY (SELECT "path" FROM "public"."ducklake_data_file" WHERE ctid BETWEEN'
CUT_OFF = (
    DBT
    + f"""Failure in test not_null_users_user_id (../models/corpus/users.yml)

  Runtime Error in test not_null_users_user_id (../models/corpus/users.yml)
  Failed to get data file list from DuckLake: {COPY} '(0,0)'::tid) TO STDOUT": server closed the connection unexpectedly
"""
)
ENDED_AT_THE_END = (
    DBT
    + """Failure in model users (../models/corpus/users.sql)

  Runtime Error in model users (../models/corpus/users.sql)
  TransactionContext Error: Failed to commit: Failed to execute query "ROLLBACK":

  compiled code at target/compiled/persona_fidelity/../models/corpus/users.sql
"""
)
STOPPED_AT_THE_START = (
    DBT
    + f"""Encountered an error:
Runtime Error
  Failed to get global stats information from DuckLake: {COPY} '(0,0)'::tid) TO STDOUT":
"""
)
AWAY_AT_THE_END = (
    DBT
    + """Failure in operation persona_fidelity-on-run-end-0 (../dbt_project/dbt_project.yml)

  persona_fidelity.on-run-end.0 failed, error:
   IO Error: Failed to query most recent snapshot for DuckLake: Unable to connect to Postgres at "dbname=a": connection to
  server at "127.0.0.1", port 5432 failed: Connection refused
"""
)
REFUSED = (
    DBT
    + f"""Failure in model users (../models/corpus/users.sql)

  Runtime Error in model users (../models/corpus/users.sql)
  Failed to get data file list from DuckLake: {COPY} '(0,0)'::tid) TO STDOUT": FEHLER:  keine Berechtigung für Tabelle a
"""
)
LOG = "(all of it: /home/me/dbt_project/target/dbt_models-34ac313-2f1c9ac/dbt.log)"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            FULL_DISK,
            "model item_bands: TransactionContext Error: Failed to commit: Could not write file "
            f'"/w/small.duckdb.wal": No space left on device, and 1 more {LOG}; '
            "make room on the disk and run the same command again",
        ),
        (
            BROKEN_RULE,
            f"data test assert_core_is_a_core: Got 3 results, configured to fail if != 0 {LOG}",
        ),
        (
            CUT_OFF,
            "PostgreSQL ended the connection while dbt made data test not_null_users_user_id: " + AGAIN,
        ),
        (
            ENDED_AT_THE_END,
            "PostgreSQL ended the connection while dbt made model users: " + AGAIN,
        ),
        (
            STOPPED_AT_THE_START,
            "PostgreSQL ended the connection while dbt was at work: " + AGAIN,
        ),
        (
            AWAY_AT_THE_END,
            "PostgreSQL ended the connection while dbt made operation persona_fidelity-on-run-end-0: " + AGAIN,
        ),
        (
            REFUSED,
            "PostgreSQL did not do what model users needs (keine Berechtigung für Tabelle a): see to that there, and run the "
            "same command again",
        ),
        (
            DBT.partition("54 of")[0] + "Runtime Error\n  /w/small.duckdb is in use",
            "Runtime Error /w/small.duckdb is in use",
        ),
        (
            "a.jsonl was not kept (No space left on device): make room on the disk, and run the same command again.",
            "a.jsonl was not kept (No space left on device): make room on the disk, and run the same command again.",
        ),
        (
            "OutOfMemoryException: Out of Memory Error: failed to pin block of size 256.0 KiB",
            "OutOfMemoryException: Out of Memory Error: failed to pin block of size 256.0 KiB; set PERSONA_FIDELITY_MEMORY to more "
            "(without it DuckDB takes up to 80% of the machine's), and run the same command again",
        ),
        ("ValueError: no\n   such\tuser\n", "ValueError: no such user"),
    ],
)
def test_the_first_failure_is_told_in_one_line(message: str, line: str) -> None:
    assert in_one_line(message) == line


def test_our_own_sentence_is_told_rather_than_what_caused_it() -> None:
    @dg.asset
    def ours() -> None:
        try:
            raise OSError("HTTP 403")
        except OSError as error:
            raise WarehouseError("Tell DuckDB the key: as the docs say.") from error

    @dg.asset
    def theirs() -> None:
        try:
            raise OSError("no such device")
        except OSError as error:
            raise RuntimeError("failed") from error

    sentences = [first_cause(dg.materialize([asset], raise_on_error=False)) for asset in (ours, theirs)]
    assert sentences == ["ours failed: Tell DuckDB the key: as the docs say.", "theirs failed: OSError: no such device"]
