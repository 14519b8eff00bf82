"""What a lake is called on this machine: it has no file to name its report and its run history after."""

from __future__ import annotations

import os
import re

_HERE = ("", "localhost", "127.0.0.1", "::1")
_PORT = "5432"


def local_name(address: str) -> str:
    """The database of a lake's catalogue, with the server where that is not PostgreSQL's usual one on this machine.

    Args:
        address: ``ducklake:postgres:``, and words such as ``dbname=... host=...`` or ``postgresql://host/name``.
    """
    host = (
        _found(
            address,
            r"\bhost\s*=\s*'?([^\s']+)",
            r"\bhostaddr\s*=\s*'?([^\s']+)",
            r"//(?:[^/@]*@)?(\[[^\]]*\]|[^/:]*)",
        )
        or os.environ.get("PGHOST")
        or os.environ.get("PGHOSTADDR", "")
    )
    port = _found(address, r"\bport\s*=\s*'?(\d+)", r"//[^/]*:(\d+)/") or os.environ.get("PGPORT", "")
    host = host.strip("[]").lower()
    # A folder is that of a socket on this machine.
    elsewhere = [] if host in _HERE or host.startswith("/") else [re.sub(r"[^\w.-]", "-", host)]
    # A server and a database that ~/.pg_service.conf names are not in the address.
    if service := _found(address, r"\bservice\s*=\s*'?([\w.-]+)") or os.environ.get("PGSERVICE"):
        elsewhere.append(re.sub(r"[^\w.-]", "-", service))
    name = (
        _found(address, r"dbname\s*=\s*'([^']+)'", r"dbname\s*=\s*([^\s']+)", r"//[^/]*/([^?]+)")
        or os.environ.get("PGDATABASE")
        or "lake"
    )
    return "-".join([re.sub(r"[^\w.-]", "-", name), *elsewhere, *([port] if port not in ("", _PORT) else [])])


def _found(address: str, *patterns: str) -> str:
    return next((found.group(1) for found in (re.search(pattern, address) for pattern in patterns) if found), "")
