"""Refused pushes whose query was changed on the way to us or to the operator."""

from __future__ import annotations

import html
from dataclasses import replace
from urllib.parse import quote

from tests.explain.capturing import sent
from tests.explain.kinds import NOT_SIGNED, Kind

PUSH = sent()

QUERY_CHANGED = (
    Kind(
        name="no query",
        push=replace(PUSH, query=b""),
        reason="wrong_mode",
        says=("The query is empty, so there is no signature",),
    ),
    Kind(
        name="msg_signature lost",
        push=PUSH.with_parameters(msg_signature=None),
        reason="signature_missing",
        says=("The query lacks msg_signature",),
    ),
    Kind(
        name="a nonce changed",
        push=PUSH.with_parameters(nonce="415670742"),
        reason="signature_wrong",
        says=NOT_SIGNED,
    ),
    Kind(
        name="a timestamp changed",
        push=PUSH.with_parameters(timestamp="1714112446"),
        reason="signature_wrong",
        says=NOT_SIGNED,
    ),
    Kind(
        name="timestamp lost",
        push=PUSH.with_parameters(timestamp=None),
        reason="signature_missing",
        says=("The query lacks timestamp",),
    ),
    Kind(
        name="msg_signature and encrypt_type lost",
        push=PUSH.with_parameters(msg_signature=None, encrypt_type=None),
        reason="wrong_mode",
        says=("The query lacks msg_signature",),
    ),
    Kind(
        name="a signature cut short",
        push=PUSH.with_parameters(msg_signature=PUSH.parameter("msg_signature")[:39]),
        reason="signature_grammar",
        says=(
            "The query is not in WeChat's form: msg_signature is not 40 lower-case hexadecimal "
            "digits",
        ),
    ),
    Kind(
        name="other names",
        push=replace(PUSH, query=PUSH.query.replace(b"msg_signature", b"msgSignature")),
        reason="signature_missing",
        says=("The parameter names are changed: msgSignature",),
    ),
    Kind(
        name="the query encoded twice",
        push=replace(PUSH, query=quote(PUSH.query.decode(), safe="").encode()),
        reason="wrong_mode",
        says=("URL decoding: the query is encoded twice",),
    ),
    Kind(
        name="the query out of a web page",
        push=replace(PUSH, query=html.escape(PUSH.query.decode()).encode()),
        reason="wrong_mode",
        says=("URL decoding: the query is escaped as in HTML (&amp; for &)",),
    ),
    Kind(
        name="the query out of a JSON log",
        push=replace(PUSH, query=PUSH.query.replace(b"&", b"\\u0026")),
        reason="wrong_mode",
        says=("URL decoding: the query is escaped as in JSON (\\u0026 for &)",),
    ),
    Kind(
        name="the query twice",
        push=replace(PUSH, query=PUSH.query + b"&" + PUSH.query),
        reason="signature_grammar",
        says=(
            "The query contains encrypt_type, msg_signature, nonce, openid twice, so the signed "
            "value is ambiguous",
        ),
    ),
    Kind(
        name="blanks in the query",
        push=replace(PUSH, query=PUSH.query.replace(b"=", b"=%20") + b"%20"),
        reason="wrong_mode",
        says=("The values of the query have spaces or quotes around them",),
    ),
    Kind(
        name="signatures swapped",
        push=PUSH.with_parameters(
            signature=PUSH.parameter("msg_signature"), msg_signature=PUSH.parameter("signature")
        ),
        reason="signature_wrong",
        says=("signature and msg_signature are swapped",),
    ),
    Kind(
        name="capital letters",
        push=PUSH.with_parameters(msg_signature=PUSH.parameter("msg_signature").upper()),
        reason="signature_grammar",
        says=("The signature was converted to upper case",),
    ),
    Kind(
        name="timestamp and nonce swapped",
        push=PUSH.with_parameters(
            timestamp=PUSH.parameter("nonce"), nonce=PUSH.parameter("timestamp")
        ),
        reason="signature_grammar",
        says=("timestamp and nonce are swapped",),
    ),
    Kind(
        name="milliseconds",
        push=PUSH.with_parameters(timestamp=f"{PUSH.parameter('timestamp')}000"),
        reason="signature_grammar",
        says=("The timestamp is in milliseconds; WeChat signs seconds",),
    ),
)
