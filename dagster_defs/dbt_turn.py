"""A dbt-duckdb plugin: dbt waits for its turn at the warehouse file like everyone else here, and lets others have theirs."""

from __future__ import annotations

import atexit
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import Attachment, DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from dagster_defs.parent_watch import end_with_parent
from python_assets.lake import Lake, is_lake
from python_assets.processes import give_sign
from python_assets.warehouse import Warehouse
from python_assets.warehouse.memory import bound_memory
from python_assets.warehouse.spill import remove_leftovers
from python_assets.warehouse.turn import is_asked_for

KEPT_SECONDS = 0.5
"""How long the file stays open after dbt opened it: most tests are done in less, and opening takes longer than they do."""
HAND_OVER_SECONDS = 0.3
"""Time for another process that asked for the file to take it."""


class Plugin(BasePlugin):
    """dbt calls it before and after each opening of the file, which is once a node.

    The connection kept in between keeps others out, and makes dbt's own opening free: DuckDB opens a file once a process.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        end_with_parent()
        # What does not fit into memory has its name.
        give_sign()
        self._warehouse: Warehouse | None = None
        self._kept: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        atexit.register(self._finish)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Return once nobody else holds the file.

        Raises:
            WarehouseError: It stayed in use for too long, and the message names the process; or it is gone.
        """
        if creds.path == ":memory:":
            # Of a lake only PostgreSQL is waited for.
            return
        if is_asked_for(creds.path) and self._let_go():
            time.sleep(HAND_OVER_SECONDS)
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._kept is None:
                # With dbt's own settings: a process cannot open a file twice in two ways.
                self._warehouse = self._warehouse or Warehouse(creds.path)
                self._kept = self._warehouse.take_turn(config)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Let go a little later: dbt has its own connection, with the same bound on memory."""
        with self._lock:
            self._timer = threading.Timer(KEPT_SECONDS, self._let_go)
            self._timer.daemon = True
            self._timer.start()
        # A lake has no file here; what does not fit into memory goes where dbt was started.
        path = Path("lake" if self.creds is None or self.creds.path == ":memory:" else self.creds.path)
        remove_leftovers(path)
        bound_memory(conn, path)
        for lake in self._lakes():
            # dbt does the same a moment later, without waiting.
            Lake(lake.path).wait_for(partial(conn.execute, lake.to_sql()))

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Before each node: a PostgreSQL that is being started again is waited for, as by everyone else here."""
        for lake in self._lakes():
            Lake(lake.path).wait_for(partial(_newest_version, cursor, str(lake.alias)))

    def _lakes(self) -> list[Attachment]:
        """The one that dbt attaches, if any."""
        attached = (self.creds.attach if self.creds else None) or []
        return [database for database in attached if is_lake(database.path)]

    def _finish(self) -> None:
        # A file that nobody closes keeps its last changes in a second file beside it; and a thread that is still
        # destroying its connection when Python ends would abort the process, after dbt has succeeded.
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        self._let_go()

    def _let_go(self) -> bool:
        """Whether there was something to let go of."""
        with self._lock:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept.close()
            return kept is not None


def _newest_version(cursor: duckdb.DuckDBPyConnection, lake: str) -> None:
    cursor.execute("from ducklake_current_snapshot(?)", [lake]).fetchall()
