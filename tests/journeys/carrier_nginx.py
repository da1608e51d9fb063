"""A real nginx between us and a carrier, and the set-ups that its locations make."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.journeys.setup_carriers import SERVICE, SERVING, TOKEN, Server, carrier
from tests.journeys.setups import (
    GOOD,
    NO_TOKEN,
    OFF,
    REFUSED_TOKEN,
    RIGHT,
    TLS,
    WRONG,
    row,
)
from tests.ports import free_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
LEFT_OUT = "there is no nginx: apt-get install nginx-light"
PASSED = "grpc_pass grpc://127.0.0.1:{upstream};"
CONFIGURATION = """
daemon off;
master_process off;
error_log stderr;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
grpc_read_timeout 600s;
server {{
listen 127.0.0.1:{port} {how};
{tls}
{locations}
}}
}}
"""
TLS_LINES = """
ssl_certificate {folder}/server.pem;
ssl_certificate_key {folder}/server.key;
"""


def proxied(locations: str, upstream: Server, *, tls: bool = False) -> Server:
    """Run an nginx with these locations before a carrier; the value is its port."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[int]:
        assert NGINX is not None
        with tempfile.TemporaryDirectory() as name:
            folder, port = Path(name), free_port()
            GOOD.save(folder, "server")
            async with upstream() as behind:
                file = folder / "nginx.conf"
                text = CONFIGURATION.format(
                    folder=folder,
                    port=port,
                    how="ssl http2" if tls else "http2",
                    tls=TLS_LINES.format(folder=folder) if tls else "",
                    locations=locations.replace("{upstream}", str(behind)),
                )
                file.write_text(text)
                process = await asyncio.create_subprocess_exec(
                    NGINX, "-p", name, "-c", str(file), stderr=asyncio.subprocess.DEVNULL
                )
                try:
                    await _until_it_listens(port)
                    yield port
                finally:
                    process.terminate()
                    await process.wait()

    return serve


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


@asynccontextmanager
async def nobody_behind() -> AsyncIterator[int]:
    yield free_port()


def only_ours(code: int) -> str:
    """Pass the carrier's service on, and answer all else with this status."""
    return f"location /{SERVICE}/ {{ {PASSED} }}\nlocation / {{ return {code}; }}"


ALL = f"location / {{ {PASSED} }}"
GUARDED = f"""
location / {{
if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}
{PASSED}
}}
"""
REFUSED = "a proxy answers HTTP"
SERVES = carrier(SERVING)
NGINX_SET_UPS = (
    row("nginx passes all", proxied(ALL, SERVES)),
    row("nginx passes all, no health", proxied(ALL, carrier())),
    row(
        "nginx, a token for all, right", proxied(ALL, carrier(SERVING, wants_token="all")), **RIGHT
    ),
    row("nginx, a token for all, none", proxied(ALL, carrier(wants_token="all")), NO_TOKEN),
    row("nginx with TLS", proxied(ALL, SERVES, tls=True), **TLS),
    row("nginx with TLS and a token", proxied(GUARDED, SERVES, tls=True), **TLS, **RIGHT),
    row("nginx wants the token, right", proxied(GUARDED, SERVES), **RIGHT),
    row("nginx wants the token, wrong", proxied(GUARDED, SERVES), REFUSED_TOKEN, **WRONG),
    row("nginx wants the token, none", proxied(GUARDED, SERVES), NO_TOKEN),
    row("nginx has 404 for health", proxied(only_ours(404), SERVES)),
    row("nginx has no carrier behind it", proxied(ALL, nobody_behind), "UNAVAILABLE"),
    row("nginx has no carrier behind it, off", proxied(ALL, nobody_behind), "UNAVAILABLE", **OFF),
    *(
        one
        for code in (401, 403, 503)
        for one in (
            row(f"nginx has {code} for health", proxied(only_ours(code), SERVES), REFUSED),
            row(f"nginx has {code} for health, off", proxied(only_ours(code), SERVES), **OFF),
            row(
                f"nginx has {code} for health, a token",
                proxied(only_ours(code), SERVES),
                REFUSED,
                **RIGHT,
            ),
        )
    ),
)
