"""HTTP answers as the edge sends them: built once where they never change."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Send

from adapter.wechat.codec import Format

TEXT = "text/plain; charset=utf-8"
CONTENT_TYPES: dict[Format, str] = {
    Format.XML: "text/xml; charset=utf-8",
    Format.JSON: "application/json; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """One HTTP answer, whole."""

    status: int
    body: bytes
    content_type: str = TEXT
    extra: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Write it out; the connection stays open unless `extra` says otherwise."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [
                    (b"content-type", self.content_type.encode("latin-1", "replace")),
                    (b"content-length", b"%d" % len(self.body)),
                    *self.extra,
                ],
            }
        )
        await send({"type": "http.response.body", "body": self.body})


# One body for all that is not authentic: a forger learns nothing from it.
FORBIDDEN = HttpAnswer(status=403, body=b"forbidden")
BAD_REQUEST = HttpAnswer(status=400, body=b"bad request")
NOT_FOUND = HttpAnswer(status=404, body=b"not found")
NOT_ALLOWED = HttpAnswer(status=405, body=b"method not allowed", extra=((b"allow", b"GET, POST"),))
# The rest of the body is still to come, so the connection cannot be used again.
TOO_SLOW = HttpAnswer(status=408, body=b"body came too slowly", extra=((b"connection", b"close"),))
# No `close` here: closing on a sender in full flow resets the connection before it has
# read the answer. The server reads on for a moment, then closes (see `connections`).
TOO_LARGE = HttpAnswer(status=413, body=b"body too large")
# What WeChat takes for "handled": either of the two. protocol: "success ... or empty".
SUCCESS = HttpAnswer(status=200, body=b"success")
