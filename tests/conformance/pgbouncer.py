"""A real PgBouncer in front of the tests' PostgreSQL, in the pool mode that is asked for."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.ports import free_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "there is no pgbouncer: apt-get install pgbouncer"
WITHIN_SECONDS = 10.0

CONFIGURATION = """
[databases]
* = host={host} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 20
server_round_robin = {round_robin}
"""


@contextmanager
def pgbouncer(url: str, *, mode: str, round_robin: bool = False) -> Iterator[str]:
    """Run one in front of the database at `url`; the value is the URL that goes through it."""
    assert PGBOUNCER is not None
    parts = urlsplit(url)
    host = parse_qs(parts.query)["host"][0]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="waybridge-pgbouncer-") as folder:
        file = Path(folder) / "pgbouncer.ini"
        file.write_text(
            CONFIGURATION.format(host=host, port=port, mode=mode, round_robin=int(round_robin))
        )
        # Whoever may enter the folder of the server's socket; and it never runs as root.
        owner = pwd.getpwuid(Path(host).stat().st_uid).pw_name
        Path(folder).chmod(0o755)
        process = subprocess.Popen(
            [PGBOUNCER, "--quiet", *(["--user", owner] if os.geteuid() == 0 else []), str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port)
            yield f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
        finally:
            process.kill()
            process.wait(WITHIN_SECONDS)


def _wait(port: int) -> None:
    until = time.monotonic() + WITHIN_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "pgbouncer does not listen"
            time.sleep(0.02)
        else:
            return
