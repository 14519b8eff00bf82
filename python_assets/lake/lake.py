"""The warehouse as a lake: Parquet files in a shared folder or object store, and their catalogue in PostgreSQL.

For several machines that write at once. A lake knows no keys and no vectors of a fixed length, so the tables that
Python writes get plain lists, and every write deletes and inserts. See docs/scaling.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from python_assets.lake.errors import (
    is_away,
    is_cut,
    is_no_lake,
    is_of_a_store,
    is_passing,
    is_refused,
    said_by_postgresql,
    why,
)
from python_assets.lake.extensions import load_extensions
from python_assets.lake.folder import absolute, is_bare, is_free, mark_as_taken, require_own_folder, trouble_with_a_file
from python_assets.lake.names import local_name
from python_assets.lake.turns import attach_catalogue, has_no_connection_free, take_turn
from python_assets.lake.upkeep import keep_up
from python_assets.warehouse import Result, Warehouse
from python_assets.warehouse.file_errors import NoWarehouseError, WarehouseError, first_line, is_missing
from python_assets.warehouse.memory import bound_memory
from python_assets.warehouse.spill import remove_leftovers
from python_assets.warehouse.turn import Turn, Work

PREFIX = "ducklake:"
LAKE_DATA_VARIABLE = "PERSONA_FIDELITY_LAKE_DATA"
ANY_TABLE = "select 1 from duckdb_tables() where database_name = 'lake' limit 1"
# Loading the extensions takes half a second, and an open lake keeps nobody out: once a process is enough.
_ATTACHED: dict[tuple[str, bool], duckdb.DuckDBPyConnection] = {}
# Lakes that were there, so that their addresses are right, and where their files are.
_FOUND: dict[str, str] = {}


class Lake(Warehouse):
    """A DuckLake catalogue in PostgreSQL.

    Args:
        address: ``ducklake:postgres:dbname=... host=... user=...``; the password comes from PGPASSWORD or ~/.pgpass.
        data: Folder or object-store address of the Parquet files; needed once, when the lake is made.
        wait_seconds: How long to wait for a catalogue that is busy.
        on_wait: Told once, after a few seconds, what is waited for.

    Raises:
        WarehouseError: The address is not a lake's, or holds a password.
    """

    def __init__(
        self,
        address: str,
        *,
        data: str | None = None,
        wait_seconds: float | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        if not address.startswith(PREFIX + "postgres:"):
            raise WarehouseError(
                f'{address} is no lake: write "ducklake:postgres:dbname=NAME host=HOST user=USER" with --warehouse.'
            )
        if re.search(r"password\s*=|//[^/@\s]*:[^/@\s]*@", address):
            raise WarehouseError(
                "A password in the address can be read in the list of processes: "
                "put it into PGPASSWORD or ~/.pgpass, and take it out of --warehouse."
            )
        # A lake has no file; the report and scratch files of this machine are named after its catalogue.
        local = Path("warehouse").absolute() / f"{local_name(address)}.lake"
        super().__init__(local, wait_seconds=wait_seconds, on_wait=on_wait)
        self._address = address
        named = data or os.environ.get(LAKE_DATA_VARIABLE)
        self.data = absolute(named) if named else None

    @contextmanager
    def connect(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Like a file's; a server or an object store that does not answer, or refuses, is one sentence."""
        with super().connect(read_only=read_only) as connection:
            try:
                yield connection
            except duckdb.Error as error:
                text = str(error)
                if is_refused(error) or is_cut(text) or has_no_connection_free(error) or said_by_postgresql(text):
                    raise WarehouseError(why(error, self.address)) from error
                if trouble := trouble_with_a_file(text, _FOUND[self._address]):
                    raise WarehouseError(
                        f"A file of the lake at {self.address} {trouble}, then run the same command again. {first_line(error)}"
                    ) from error
                if not isinstance(error, duckdb.IOException):
                    raise
                if is_missing(error) and ".parquet" in str(error):
                    raise self._files_missing(first_line(error)) from error
                if not is_of_a_store(error):
                    raise
                raise WarehouseError(why(error, self.address)) from error

    @property
    def address(self) -> str:
        """What `--warehouse` takes to open it again."""
        return self._address

    @property
    def _postgres(self) -> str:
        return self._address.removeprefix(f"{PREFIX}postgres:")

    def take_turn(self, config: Mapping[str, Any]) -> duckdb.DuckDBPyConnection | None:
        """Nothing: a lake has many writers."""
        return None

    @contextmanager
    def alone(self, work: Work) -> Iterator[None]:
        """Nobody else inside it with the same work, on any machine.

        Raises:
            WarehouseError: PostgreSQL ended the connection that held the turn, so that others may have been inside.
        """
        with self.connect(read_only=False) as connection, self._taking(connection, work) as require_held:
            yield
            require_held()

    def commit(
        self,
        connection: duckdb.DuckDBPyConnection,
        action: Callable[[duckdb.DuckDBPyConnection], Result],
        *,
        work: Work = Work.WRITES,
    ) -> Result:
        """Like a file's, after those whose turn it is."""
        with self._taking(connection, work) as require_held:

            def held(own: duckdb.DuckDBPyConnection) -> Result:
                result = action(own)
                require_held()
                return result

            return super().commit(connection, held)

    def wait_for(self, ask: Callable[[], object]) -> None:
        """Ask the catalogue something, again until PostgreSQL answers; for a tool that opens a lake that was there before.

        Raises:
            WarehouseError: It did not answer for too long, or refuses.
        """
        turn = Turn(self.wait_seconds, self.on_wait)
        while True:
            try:
                ask()
                return
            except duckdb.Error as error:
                passing = is_away(error) or is_cut(str(error)) or is_passing(error)
                if not passing or not turn.wait(f"{self.address} does not answer"):
                    raise WarehouseError(why(error, self.address)) from error

    def _taking(self, connection: duckdb.DuckDBPyConnection, work: Work) -> AbstractContextManager[Callable[[], None]]:
        return take_turn(connection, work, Turn(self.wait_seconds, self.on_wait), self.address)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Nothing to share: a lake stays open once a process."""
        yield

    def seal(self, connection: duckdb.DuckDBPyConnection, *, but: Path | None = None) -> None:
        """Keep a connection from every file but the lake's own, and one more where it is named."""
        connection.execute(f"set allowed_directories = [{_quoted(self._folder(connection))}]")
        super().seal(connection, but=but)

    def size(self) -> str:
        """How much the newest version of all tables holds, for people."""
        with self.connect() as connection:
            found = connection.execute(
                "select coalesce(sum(file_count), 0), coalesce(sum(file_size_bytes), 0) from ducklake_table_info('lake')"
            ).fetchone()
        files, size = found or (0, 0)
        return f"{size / 1e6:.1f} MB in {files} files"

    def tidy(self, *, days: float) -> bool:
        """Merge small files; give up versions of tables, and delete files that have not been needed for so long."""
        with self.connect(read_only=False) as connection:
            keep_up(self, connection, days=days)
        return True

    def _folder(self, connection: duckdb.DuckDBPyConnection) -> str:
        options = dict(connection.execute("select option_name, value from ducklake_options('lake')").fetchall())
        return str(options["data_path"])

    def _require_folder(self, connection: duckdb.DuckDBPyConnection) -> None:
        # DuckLake would make it anew, in the place that the files are to come back to, and new files would be lost there.
        folder = _FOUND.get(self._address) or _FOUND.setdefault(self._address, self._folder(connection))
        if is_bare(folder) and connection.execute(ANY_TABLE).fetchone():
            raise WarehouseError(
                f"The files of the lake at {self.address} are not in {folder}, where its catalogue says: mount that folder, or "
                "bring it back to its place. If it has moved for good, tell the catalogue: "
                f"psql \"{self._postgres}\" -c \"update ducklake_metadata set value = 'NEW_FOLDER/' where key = 'data_path'\""
            )

    def _files_missing(self, where: str) -> WarehouseError:
        return WarehouseError(
            f"A file of the lake at {self.address} is not where its catalogue says: mount the folder that holds them, or "
            f"bring it back to its place. {where}"
        )

    def _open(
        self, *, read_only: bool, shared: bool = True, config: dict[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        turn = Turn(self.wait_seconds, self.on_wait)
        key = (self._address, read_only)
        while True:
            try:
                if key not in _ATTACHED:
                    _ATTACHED[key] = self._attach(read_only=read_only)
                cursor = _ATTACHED[key].cursor()
                # Asks the catalogue, so a connection that was cut while nobody used it shows here.
                cursor.execute("use lake")
                self._require_folder(cursor)
                return cursor
            except duckdb.Error as error:
                lost = _ATTACHED.pop(key, None)
                away = is_away(error) and self._address in _FOUND
                passing = lost is not None or is_passing(error)
                state = "does not answer" if away else "is busy"
                if not (passing or away) or not turn.wait(f"{self._address} {state}"):
                    kind = NoWarehouseError if is_no_lake(error) else WarehouseError
                    raise kind(why(error, self.address)) from error

    def _attach(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        remove_leftovers(self.path)
        connection = bound_memory(duckdb.connect(), self.path)
        try:
            load_extensions(connection)
            if read_only:
                self._attach_with(connection, "read_only")
            else:
                self._find_or_make(connection)
                attach_catalogue(connection, self._postgres)
        except BaseException:
            connection.close()
            raise
        return connection

    def _find_or_make(self, connection: duckdb.DuckDBPyConnection) -> None:
        data = f", data_path {_quoted(self.data)}" if self.data else ""
        try:
            self._attach_with(connection, f"create_if_not_exists false{data}")
        except duckdb.Error as error:
            if not is_no_lake(error):
                raise
            if self.data:
                try:
                    require_own_folder(connection, self.data)
                except WarehouseError:
                    # Another process may have made the lake meanwhile, and written there.
                    with suppress(duckdb.Error):
                        return self._attach_with(connection, f"create_if_not_exists false{data}")
                    raise
            self._attach_with(connection, f"create_if_not_exists true{data}")
        # Whoever made it may have had no room to say so.
        folder = self._folder(connection)
        if not connection.execute(ANY_TABLE).fetchone() and is_free(connection, folder):
            mark_as_taken(connection, folder)

    def _attach_with(self, connection: duckdb.DuckDBPyConnection, options: str) -> None:
        connection.execute(f"attach {_quoted(self._address)} as lake ({options})")

    def _portable(self, ddl: str) -> str:
        return re.sub(r"FLOAT\[\w+\]", "FLOAT[]", ddl)


def is_lake(address: str | Path) -> bool:
    """Whether an address names a lake."""
    return str(address).lstrip().startswith(PREFIX)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
