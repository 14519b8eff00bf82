"""A PostgreSQL server of the tests' own, on a loopback port, in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from python_assets.addresses import open_warehouse
from python_assets.lake.lake import _ATTACHED, Lake
from python_assets.warehouse import Warehouse

# The same study on a file, to compare with.
from tests.graph.conftest import small_run  # noqa: F401
from tests.lake.object_store import ObjectStore, object_store
from tests.ports import free_port

# PostgreSQL refuses to run as root; Debian's package makes this user.
SERVER_USER = "postgres"
GERMAN = "de_DE.UTF-8"


class Server(NamedTuple):
    """A running server: its folder, its port, its programs, and how it is started and stopped."""

    folder: Path
    port: int
    binaries: Path
    control: tuple[str, ...]

    def new_lake(self, name: str, data: str | None = None) -> Lake:
        """An empty database and folder, or object-store address, as a lake that nobody has used yet."""
        connection = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "lake"]
        subprocess.run([str(self.binaries / "createdb"), *connection, name], check=True, capture_output=True)
        address = f"ducklake:postgres:dbname={name} host=127.0.0.1 port={self.port} user=lake"
        lake = open_warehouse(address, lake_data=data or str(self.folder / name))
        assert isinstance(lake, Lake)
        return lake

    def start(self) -> None:
        """And wait until it listens."""
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        _run([*self.control, "-o", settings, "-l", str(self.folder / "log"), "start"])

    def stop(self) -> None:
        """And end all connections."""
        _run([*self.control, "-m", "fast", "stop"])

    def sql(self, database: str, statements: str) -> str:
        """What PostgreSQL answers its superuser."""
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "lake", "-d", database, "-v", "ON_ERROR_STOP=1"]
        command = [str(self.binaries / "psql"), *options, "-X", "-A", "-t", "-c", statements]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def find_binaries() -> Path | None:
    """Where initdb is: on the path, or where Debian puts it."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        default=None,
    )


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Started once; the tests skip where PostgreSQL or the extra `lake` is missing."""
    with running_server() as started:
        yield started


@pytest.fixture(scope="session")
def german_server() -> Iterator[Server]:
    """One that speaks German; the tests skip where the system cannot make that locale, or PostgreSQL has no German."""
    with running_server(GERMAN) as started:
        if "Sprache" not in started.sql("postgres", "select short_desc from pg_settings where name = 'lc_messages'"):
            pytest.skip("PostgreSQL has no German here")
        yield started


@contextmanager
def running_server(language: str | None = None) -> Iterator[Server]:
    """A server in a folder of its own, which says what it says in a language, given as a locale of UTF-8."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: `apt-get install postgresql` (or your system's package)")
    if not importlib.util.find_spec("duckdb_extensions"):
        pytest.skip("the extra `lake` is not installed: pip install -e '.[lake]'")
    as_server: list[str] = []
    # Not pytest's own folder: that is closed to every other user.
    with tempfile.TemporaryDirectory(prefix="persona-fidelity-lake-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            if not shutil.which("runuser") or subprocess.run(["id", SERVER_USER], capture_output=True).returncode:
                pytest.skip(f"run as root, PostgreSQL needs the user {SERVER_USER}, whom its package makes")
            as_server = ["runuser", "-u", SERVER_USER, "--"]
            shutil.chown(folder, SERVER_USER)
        options = []
        if language:
            make_locale(folder, language)
            as_server = [*as_server, "env", f"LOCPATH={folder}"]
            options = [f"--lc-messages={language}", "--encoding=UTF8"]
        data = folder / "catalogue"
        control = (*as_server, str(binaries / "pg_ctl"), "-D", str(data), "-w")
        _run(
            [*as_server, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "lake", "--no-sync", *options]
        )
        server = Server(folder, free_port(), binaries, control)
        server.start()
        try:
            yield server
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], capture_output=True, check=False, cwd=folder)


def make_locale(folder: Path, language: str) -> None:
    """In a folder: few systems have more than one."""
    name, _, encoding = language.partition(".")
    if not shutil.which("localedef"):
        pytest.skip("localedef is not installed, which makes the server's language")
    subprocess.run(["localedef", "-i", name, "-f", encoding, str(folder / language)], capture_output=True, check=False)
    if not (folder / language).exists():
        pytest.skip(f"the system knows no {language}: `apt-get install locales` (or your system's package)")


@pytest.fixture(autouse=True)
def closed_lakes() -> Iterator[None]:
    """Lakes stay open in a process, and so would those of every test: PostgreSQL has a hundred connections."""
    yield
    _ATTACHED.clear()


NewWarehouse = Callable[[str], Warehouse]


@pytest.fixture(scope="session")
def started_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """Started once."""
    with object_store(tmp_path_factory.mktemp("object_store")) as store:
        yield store


@pytest.fixture
def store(started_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """An object store whose key this process and those it starts know."""
    monkeypatch.setenv("HOME", str(started_store.home))
    return started_store


@pytest.fixture(params=["file", "lake", "lake in an object store"])
def new_warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> NewWarehouse:
    """Makes warehouses of every kind: what a test says holds for all."""
    if request.param == "file":
        return lambda name: Warehouse(tmp_path / f"{name}.duckdb", wait_seconds=20)
    server: Server = request.getfixturevalue("server")
    if request.param == "lake":
        return server.new_lake
    request.getfixturevalue("store")
    return lambda name: server.new_lake(f"stored_{name}", data=f"s3://lakes/{name}/")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tempfile.gettempdir())
    if done.returncode:
        pytest.fail(f"{' '.join(command[:5])} ... failed: {done.stderr[-500:]}")
