from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send

from adapter.ops.browser_guard import BrowserGuard

HOSTS = ("10.1.2.3", "ops.example.com", "fd00::5")
PATHS = ("/", "/livez", "/readyz", "/metrics", "/api/status", "/api/pause", "/nowhere")


async def status(
    *headers: tuple[str, str],
    method: str = "GET",
    path: str = "/api/status",
    any_address: bool = False,
) -> int:
    """Return the status of a request that would be 200 if nobody minded it."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), text.encode()) for name, text in headers],
        "server": ("192.0.2.7", 9090),
    }
    await BrowserGuard(app, hosts=HOSTS, any_address=any_address)(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:9090",
        "127.8.8.8:1",
        "localhost",
        "LOCALHOST:9090",
        "localhost.",
        "[::1]",
        "[::1]:9090",
        "10.1.2.3:9090",
        "ops.example.com",
        "OPS.example.com.:8443",
        "[fd00::5]:9090",
    ],
)
async def test_our_own_names_are_answered(host: str) -> None:
    assert await status(("host", host)) == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9090",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.1.2.4",
        "192.0.2.7:9090",
        "",
        "127.0.0.1@evil.example",
        "xlocalhost",
        "[::2]:9090",
        "ops.example.com.evil",
        "0x7f.1",
        "2130706433",
    ],
)
async def test_a_rebound_name_reaches_nothing(host: str, path: str) -> None:
    for method in ("GET", "POST", "HEAD", "OPTIONS"):
        headers = (("host", host), ("origin", f"http://{host}"), ("sec-fetch-site", "same-origin"))
        assert await status(*headers, method=method, path=path) == 421


async def test_a_second_host_is_not_overlooked() -> None:
    assert await status(("host", "127.0.0.1"), ("host", "evil.example")) == 421


async def test_a_client_without_a_host_is_no_browser() -> None:
    assert await status() == 200


@pytest.mark.parametrize(("host", "expected"), [("192.0.2.7:9090", 200), ("192.0.2.8", 421)])
async def test_on_every_interface_the_address_that_was_reached_is_ours(
    host: str, expected: int
) -> None:
    assert await status(("host", host), any_address=True) == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:8080", "http://127.0.0.1", "https://", ""],
)
async def test_another_sites_page_is_refused_by_its_origin(origin: str, method: str) -> None:
    headers = (("host", "127.0.0.1:9090"), ("origin", origin))

    assert await status(*headers, method=method) == 403


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9090", "https://127.0.0.1:9090"])
async def test_our_own_page_may_act(origin: str) -> None:
    headers = (("host", "127.0.0.1:9090"), ("origin", origin), ("sec-fetch-site", "same-origin"))

    assert await status(*headers, method="POST") == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "new-word"])
@pytest.mark.parametrize(("mode", "dest"), [("no-cors", "image"), ("cors", "empty"), ("", "")])
async def test_another_site_is_refused_where_only_the_browser_says_so(
    site: str, mode: str, dest: str
) -> None:
    headers = (
        ("host", "localhost:9090"),
        ("sec-fetch-site", site),
        ("sec-fetch-mode", mode),
        ("sec-fetch-dest", dest),
    )

    assert await status(*headers) == 403


async def test_a_link_from_another_page_shows_ours_and_a_foreign_form_or_frame_does_nothing() -> (
    None
):
    link = (("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"))

    assert await status(*link, ("sec-fetch-dest", "document")) == 200
    assert await status(*link, ("sec-fetch-dest", "document"), method="POST") == 403
    assert await status(*link, ("sec-fetch-dest", "iframe")) == 403


async def test_an_address_typed_by_the_operator_is_answered() -> None:
    assert await status(("host", "localhost"), ("sec-fetch-site", "none")) == 200
