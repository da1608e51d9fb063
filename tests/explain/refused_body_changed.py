"""Refused pushes whose body was changed on the way, or never was one; several things at once."""

from __future__ import annotations

import base64
import gzip
import html
import json
from dataclasses import replace
from urllib.parse import quote_plus, urlencode

from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from tests.explain.capturing import BOTH, OURS, THEIRS, Sent, sent, with_plus
from tests.explain.kinds import Kind

PUSH = sent()
PLUS = with_plus()


def encrypt_of(body: bytes) -> bytes:
    return body.partition(b"<Encrypt><![CDATA[")[2].partition(b"]]>")[0]


BODY_CHANGED = (
    Kind(
        name="no body",
        push=replace(PUSH, body=b""),
        reason="undecryptable",
        says=("The body is empty",),
    ),
    Kind(
        name="a body cut short",
        push=replace(PUSH, body=PUSH.body[:200]),
        reason="undecryptable",
        says=("The body is truncated: after 200 bytes the end is missing",),
    ),
    Kind(
        name="an Encrypt cut short",
        push=replace(
            PUSH, body=PUSH.body.replace(encrypt_of(PUSH.body), encrypt_of(PUSH.body)[:101])
        ),
        reason="signature_wrong",
        says=(
            "The body is truncated: Encrypt has 101 characters, which is not a whole number of "
            "blocks",
        ),
    ),
    Kind(
        name="the body of another push",
        push=replace(PUSH, body=sent(random16=b"x" * 16).body),
        reason="signature_wrong",
        says=(
            "The token is correct, but this body is not the signed one: msg_signature "
            "does not cover its Encrypt",
        ),
    ),
    Kind(
        name="spaces for plus signs",
        push=replace(PLUS, body=PLUS.body.replace(b"+", b" ")),
        reason="signature_wrong",
        says=("URL decoding: plus signs of the body became spaces",),
    ),
    Kind(
        name="a percent-encoded body",
        push=replace(PUSH, body=quote_plus(PUSH.body).encode()),
        reason="undecryptable",
        says=("The body was re-encoded: it is percent-encoded",),
    ),
    Kind(
        name="a percent-encoded Encrypt",
        push=replace(PLUS, body=PLUS.body.replace(b"+", b"%2B").replace(b"=", b"%3D")),
        reason="signature_wrong",
        says=("The body was re-encoded: it is percent-encoded",),
    ),
    Kind(
        name="a body out of a web page",
        push=replace(PUSH, body=html.escape(PUSH.body.decode()).encode()),
        reason="undecryptable",
        says=("The body was re-encoded: it is escaped as in HTML",),
    ),
    Kind(
        name="a body out of a JSON log",
        push=replace(
            sent(format=Format.JSON),
            body=json.dumps(sent(format=Format.JSON).body.decode())[1:-1].encode(),
        ),
        reason="undecryptable",
        says=("The body was re-encoded: it is escaped as in a JSON string",),
    ),
    Kind(
        name="a body in Base64",
        push=replace(PUSH, body=base64.b64encode(PUSH.body)),
        reason="undecryptable",
        says=("The body was re-encoded: all of it is Base64",),
    ),
    Kind(
        name="a compressed body",
        push=replace(PUSH, body=gzip.compress(PUSH.body)),
        reason="undecryptable",
        says=("The body was re-encoded: it is compressed",),
    ),
    Kind(
        name="a body in UTF-16",
        push=replace(PUSH, body=PUSH.body.decode().encode("utf-16")),
        reason="undecryptable",
        says=("The body was re-encoded: it is UTF-16",),
    ),
    Kind(
        name="a body with a log's words around it",
        push=replace(PUSH, body=b"body: " + PUSH.body + b" (512 bytes)"),
        reason="undecryptable",
        says=("The body has additional text around it that WeChat did not send",),
    ),
    *(
        Kind(
            name=f"a form {name}",
            push=replace(PUSH, body=body),
            reason="undecryptable",
            says=(f"The body was re-encoded: it is a form with the push in its field {field}",),
        )
        for name, body, field in (
            ("of one field", urlencode({"body": PUSH.body.decode()}).encode(), "body"),
            ("of several", urlencode({"a": "1", "data": PUSH.body.decode()}).encode(), "data"),
            ("of a name alone", urlencode({PUSH.body.decode(): ""}).encode(), "without a name"),
        )
    ),
    Kind(
        name="a wrapped Encrypt",
        push=replace(
            PUSH,
            body=PUSH.body.replace(
                encrypt_of(PUSH.body), base64.encodebytes(base64.b64decode(encrypt_of(PUSH.body)))
            ),
        ),
        reason="signature_wrong",
        says=("Encrypt contains line breaks or spaces",),
    ),
    Kind(
        name="URL-safe Base64",
        push=replace(
            PLUS,
            body=PLUS.body.replace(
                encrypt_of(PLUS.body),
                encrypt_of(PLUS.body).replace(b"+", b"-").replace(b"/", b"_"),
            ),
        ),
        reason="signature_wrong",
        says=("Encrypt is in the URL-safe Base64 (- and _ for + and /)",),
    ),
    Kind(
        name="neither XML nor JSON",
        push=replace(PUSH, body=b"hello"),
        reason="undecryptable",
        says=("It is neither the XML nor the JSON that WeChat documents: format",),
    ),
    Kind(
        name="two things at once",
        push=replace(sent(THEIRS), query=html.escape(sent(THEIRS).query.decode()).encode()),
        programs=BOTH,
        reason="wrong_mode",
        says=(
            "URL decoding: the query is escaped as in HTML (&amp; for &)",
            "It is a push of another configured Mini Program: mini_programs.b",
        ),
    ),
    Kind(
        name="another app id and long ago and in Base64",
        push=replace(
            sent(replace(OURS, app_id="wx0000000000000009")),
            body=base64.b64encode(sent(replace(OURS, app_id="wx0000000000000009")).body),
        ),
        reason="undecryptable",
        says=(
            "The body was re-encoded: all of it is Base64",
            "It is for a different app id than the configured one: wx0000000000000009",
        ),
    ),
    Kind(
        name="a plaintext body cut short, where secure is configured",
        push=Sent(query=sent(mode=Mode.PLAINTEXT).query, body=b"Encrypt"),
        reason="wrong_mode",
        says=("The query lacks msg_signature",),
    ),
)
