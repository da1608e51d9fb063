"""The nginx of docs/operate.md in front of a real `serve`: its block, word for word, its timers
in proportion."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest

from adapter.wechat.client_side import SealedPush, build_push, open_reply, parse_reply
from adapter.wechat.codec import Format, encode
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.journeys.processes import (
    AES_KEY,
    APP_ID,
    TOKEN,
    Listened,
    configuration,
    serving,
    stub,
)
from tests.ports import free_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PAGE = Path(__file__).parents[2] / "docs" / "operate.md"
SENDERS = 6  # of pushes, each one interval after its last
ACCOUNT = replace(
    defaults.ACCOUNT,
    app_id=APP_ID,
    mode=Mode.SECURE,
    token=Secret(TOKEN),
    encoding_aes_key=Secret(AES_KEY),
)
BEGINNING = """
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
"""

pytestmark = [
    pytest.mark.usefixtures("may_wait"),
    pytest.mark.skipif(NGINX is None, reason="there is no nginx: apt-get install nginx-light"),
]


def documented() -> str:
    """Return the block of the page."""
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


def documented_keepalive_seconds() -> float:
    """Return how long the documented nginx keeps an idle connection to waybridge."""
    (found,) = re.findall(r"\bkeepalive_timeout (\d+)s;", documented())
    return float(found)


@dataclass(frozen=True, kw_only=True)
class Front:
    """An nginx that runs, and the edge behind it."""

    url: str
    process: Listened
    edge: Listened


@contextmanager
def behind_nginx(folder: Path, target: str, *, shrunk: float) -> Iterator[Front]:
    """Run the documented nginx before a `serve`, every idle time divided by `shrunk`."""
    assert NGINX is not None
    keep = documented_keepalive_seconds() / shrunk
    config = configuration(folder, target)
    idle = defaults.CONNECTIONS.idle_seconds / shrunk
    config.write_text(
        config.read_text().replace(
            "[edge]", f'[edge]\nidle_seconds = {idle}\ntrusted_proxies = ["127.0.0.1"]'
        )
    )
    with serving(config) as (edge, url, _):
        port, address = free_port(), url.split("/")[2]
        block = re.sub(r"server 10\.0\.0\.1\d:8080", f"server {address}", documented())
        block = re.sub(r"keepalive_timeout \d+s", f"keepalive_timeout {keep * 1000:.0f}ms", block)
        block = block.replace("listen 80;", f"listen 127.0.0.1:{port};")
        file = folder / "nginx.conf"
        file.write_text(f"{BEGINNING.format(folder=folder)}{block}}}\n")
        process = Listened(NGINX, "-p", str(folder), "-c", str(file), cwd=folder)
        try:
            _until_it_listens(port, process)
            yield Front(url=f"http://127.0.0.1:{port}/wechat/push", process=process, edge=edge)
        finally:
            process.process.terminate()
            process.ended()


def _until_it_listens(port: int, process: Listened) -> None:
    for _ in range(200):
        assert process.process.poll() is None, process.stderr
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(process.stderr)


def push(waybill: str) -> SealedPush:
    fields = (
        ("ToUserName", "gh_abcdefg"),
        ("FromUserName", "oABCD"),
        ("CreateTime", 1_533_042_556),
        ("MsgType", "event"),
        ("Event", "cancel_waybill"),
        ("BizID", "xyz"),
        ("BizPwd", "xyz123"),
        ("OrderID", "42"),
        ("WayBillID", waybill),
    )
    return build_push(
        ACCOUNT,
        encode(fields, Format.XML),
        Format.XML,
        timestamp=int(time.time()),
        nonce="415670741",
        random16=os.urandom(16),
        open_id="oABCD",
    )


async def pushed(
    client: httpx2.AsyncClient, front: Front, *, name: str, every_seconds: float, count: int
) -> Counter[int]:
    """Send pushes one interval apart, each sender a little beside the others."""
    statuses: Counter[int] = Counter()

    async def send(nth: int) -> None:
        for number in range(count // SENDERS):
            # ± 5 ms, so that some meet the very instant of the timer.
            await asyncio.sleep(every_seconds + (nth - SENDERS / 2) * 0.002)
            made = push(f"STUB-OK-{name}-{nth}-{number}")
            answer = await client.post(f"{front.url}?{made.query}", content=made.body)
            statuses[answer.status_code] += 1

    await asyncio.gather(*(send(nth) for nth in range(SENDERS)))
    return statuses


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stub(cwd=tmp_path_factory.mktemp("stub")) as target:
        yield target


def test_nginx_gives_an_idle_connection_up_before_the_edge_does() -> None:
    assert documented_keepalive_seconds() < defaults.CONNECTIONS.idle_seconds


@pytest.mark.parametrize(
    ("count", "shrunk"),
    [
        pytest.param(24, 40.0, id="short"),
        pytest.param(240, 20.0, id="long", marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
    ],
)
async def test_no_push_meets_a_closed_connection(
    target: str, tmp_path: Path, count: int, shrunk: float
) -> None:
    """Pushes come as far apart as each of the two keeps a connection: the instants at which
    one closes what the other is about to use."""
    idle = defaults.CONNECTIONS.idle_seconds / shrunk
    keep = documented_keepalive_seconds() / shrunk
    with behind_nginx(tmp_path, target, shrunk=shrunk) as front:
        async with httpx2.AsyncClient(trust_env=False) as client:
            statuses = Counter[int]()
            for every in (idle, keep):
                statuses += await pushed(
                    client, front, name=f"{every}", every_seconds=every, count=count
                )

    assert statuses == {200: 2 * count}, front.process.stderr


async def test_a_push_through_nginx_is_answered_and_its_sender_named(
    target: str, tmp_path: Path
) -> None:
    made = push("STUB-OK-NAMED")
    with behind_nginx(tmp_path, target, shrunk=1.0) as front:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{front.url}?{made.query}",
                content=made.body,
                headers={"x-forwarded-for": "203.0.113.9"},  # before another proxy of ours
            )
        front.edge.heard(r'"push_answered".*"peer":"203\.0\.113\.9"|"peer":"203\.0\.113\.9".*')

    reply = parse_reply(open_reply(ACCOUNT, answer.content, Format.XML), Format.XML)
    assert (answer.status_code, reply.result_code) == (200, 0)
