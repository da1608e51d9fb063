"""What an operator's browser may send to the ops port on behalf of another site: nothing.

A page of a foreign site can send requests to an address that only the operator's machine
reaches; with a name that it points there later (DNS rebinding) it could read the answers too.
A rebound name still stands in `Host`, and the browser says itself where a request comes from.
https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from adapter.diagnostics.grpc_target import is_loopback_host

SAFE = ("GET", "HEAD")
OWN = ("same-origin", "none")  # of Sec-Fetch-Site; `none`: typed by the operator


class BrowserGuard:
    """Answers 421 for a Host that is not ours, 403 for what another site's page sent.

    Loopback names are always ours. `hosts` are the others; with `any_address` (a listen on
    every interface) so is the address that a connection came in at.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str] = (), any_address: bool = False
    ) -> None:
        self._app = app
        self._hosts = {_name(host) for host in hosts}
        self._any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or turn it away."""
        if scope["type"] == "http" and (refusal := self._refusal(scope)):
            status, words = refusal
            # Closed: a balancer or browser must not send more for that name down here.
            headers = {"connection": "close", "cache-control": "no-store"}
            response = JSONResponse({"error": words}, status_code=status, headers=headers)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts = _values(scope, b"host")  # HTTP/1.0 may leave it out; a browser never does
        if not all(self._is_ours(host, scope) for host in hosts):
            return 421, "this Host is not one of ours: name it in ops.allowed_hosts"
        for origin in _values(scope, b"origin"):
            if urlsplit(origin).netloc.lower() not in {host.lower() for host in hosts}:
                return 403, "another site asked"
        if all(site in OWN for site in _values(scope, b"sec-fetch-site")):
            return None
        # A link from another page, a dashboard's for instance, only shows ours.
        is_a_page = _values(scope, b"sec-fetch-mode") == ["navigate"]
        is_a_page &= _values(scope, b"sec-fetch-dest") == ["document"]
        if scope["method"] in SAFE and is_a_page:
            return None
        return 403, "another site asked"

    def _is_ours(self, host: str, scope: Scope) -> bool:
        name = _name(host)
        if is_loopback_host(name) or name in self._hosts:
            return True
        server = scope.get("server")
        return self._any_address and server is not None and name == server[0].lower()


def _name(host: str) -> str:
    """Return the name or address of a Host header, without port, brackets and final dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    name, _, port = host.partition(":")
    bare = host if ":" in port else name  # an IPv6 address in a setting
    return bare.lower().removesuffix(".")


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
