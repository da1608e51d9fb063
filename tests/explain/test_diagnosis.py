"""Every kind of refused push, and the words that name why."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus

import pytest

from adapter import development
from adapter.explain.causes import WORDS, Cause
from adapter.explain.diagnosis import Diagnosis, diagnose, open_push
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.errors import WeChatError
from adapter.wechat.pushing import build_verification
from adapter.wechat.redact import Secret
from tests.explain.capturing import (
    APP_ID,
    BOTH,
    CANARY,
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_TOKEN,
    OURS,
    THEIRS,
    Sent,
    sent,
    with_plus,
)

PUSH = sent()
PLUS = with_plus()
ALONE = {"wechat": OURS}
NOBODYS = "Neither the token nor the key fits: it is another Mini Program's push, or nobody's"
PLAINTEXT = replace(OURS, mode=Mode.PLAINTEXT)
STRANGER = replace(OURS, token=Secret("stranger"), encoding_aes_key=Secret("s" * 43))
DEVELOPMENT = Account(
    app_id=development.APP_ID,
    mode=Mode.SECURE,
    token=Secret(development.TOKEN),
    encoding_aes_key=Secret(development.ENCODING_AES_KEY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A refused push, what the edge says of it, and the causes, in words."""

    name: str
    push: Sent
    reason: str
    says: tuple[str, ...]
    programs: Mapping[str, Account] = field(default_factory=lambda: ALONE)


def _encrypt_of(body: bytes) -> bytes:
    return body.partition(b"<Encrypt><![CDATA[")[2].partition(b"]]>")[0]


KINDS = (
    Kind(
        name="another token",
        push=sent(replace(OURS, token=Secret("stranger"))),
        reason="signature_wrong",
        says=("The token is another one than WeChat's: everything else fits, no signature does",),
    ),
    Kind(
        name="the token of another program",
        push=sent(replace(OURS, token=Secret(OTHER_TOKEN))),
        programs=BOTH,
        reason="signature_wrong",
        says=("It is signed with another token that is configured: that of mini_programs.b",),
    ),
    Kind(
        name="the previous token of another program",
        push=sent(replace(OURS, token=Secret("before"))),
        programs={**BOTH, "mini_programs.b": replace(THEIRS, previous_token=Secret("before"))},
        reason="signature_wrong",
        says=("It is signed with another token that is configured: that of mini_programs.b",),
    ),
    Kind(
        name="a token with a line end",
        push=PUSH,
        programs={"wechat": replace(OURS, token=Secret(f"{OURS.token.reveal()}\n"))},
        reason="signature_wrong",
        says=("The configured token has blanks around it; without them it signs this push",),
    ),
    Kind(
        name="token and key exchanged",
        push=PUSH,
        programs={"wechat": replace(OURS, token=Secret(KEY), encoding_aes_key=Secret("t" * 43))},
        reason="signature_wrong",
        says=(NOBODYS,),
    ),
    Kind(
        name="signed with the key",
        push=sent(replace(OURS, token=Secret(KEY))),
        reason="signature_wrong",
        says=("It is signed with what is configured as the AES key",),
    ),
    Kind(
        name="another key",
        push=sent(replace(OURS, encoding_aes_key=Secret("s" * 43))),
        reason="undecryptable",
        says=(
            "The EncodingAESKey is another one than WeChat's: the signature is right, the "
            "decryption is not",
        ),
    ),
    Kind(
        name="the key of another program",
        push=sent(replace(OURS, encoding_aes_key=Secret(OTHER_KEY))),
        programs=BOTH,
        reason="undecryptable",
        says=("It is encrypted with another key that is configured: that of mini_programs.b",),
    ),
    Kind(
        name="a stranger's push",
        push=sent(STRANGER),
        reason="signature_wrong",
        says=(NOBODYS,),
    ),
    Kind(
        name="another app id",
        push=sent(replace(OURS, app_id="wx0000000000000009")),
        reason="undecryptable",
        says=("It is meant for another app id than the configured one: for wx0000000000000009",),
    ),
    Kind(
        name="another program's push",
        push=sent(THEIRS),
        programs=BOTH,
        reason="signature_wrong",
        says=("It is a push of another Mini Program that is configured: of mini_programs.b",),
    ),
    Kind(
        name="development's push",
        push=sent(DEVELOPMENT),
        reason="signature_wrong",
        says=(
            "It was made with the development secrets, as `waybridge push` does without --config",
        ),
    ),
    Kind(
        name="plaintext where secure is configured",
        push=sent(mode=Mode.PLAINTEXT),
        reason="wrong_mode",
        says=("The mode is another one: the push is not encrypted (plaintext)",),
    ),
    Kind(
        name="secure where plaintext is configured",
        push=PUSH,
        programs={"wechat": PLAINTEXT},
        reason="wrong_mode",
        says=("The mode is another one: the push is encrypted (secure or compatible)",),
    ),
    Kind(
        name="plaintext with another token",
        push=sent(STRANGER, mode=Mode.PLAINTEXT),
        reason="wrong_mode",
        says=(
            "The mode is another one: the push is not encrypted (plaintext)",
            "The token is another one than WeChat's: everything else fits, no signature does",
        ),
    ),
    Kind(
        name="another token in plaintext",
        push=sent(STRANGER, mode=Mode.PLAINTEXT),
        programs={"wechat": PLAINTEXT},
        reason="signature_wrong",
        says=("The token is another one than WeChat's: everything else fits, no signature does",),
    ),
    Kind(
        name="long ago",
        push=sent(timestamp=NOW - 3 * 86_400 - 777),
        reason="stale",
        says=(
            "The clock: it was signed 3 days before it came (2024-04-23 06:07:48 UTC and "
            "2024-04-26 06:20:45 UTC), and 600 s are allowed",
        ),
    ),
    Kind(
        name="from the future, by whole hours",
        push=sent(timestamp=NOW + 8 * 3600 + 3),
        reason="stale",
        says=(
            "The clock: it was signed 8 h 0 min after it came (2024-04-26 14:20:48 UTC and "
            "2024-04-26 06:20:45 UTC), and 600 s are allowed; whole hours look like a clock "
            "set in another time zone",
        ),
    ),
    Kind(
        name="no query",
        push=replace(PUSH, query=b""),
        reason="wrong_mode",
        says=("The query is empty: nothing says who signed",),
    ),
    Kind(
        name="msg_signature lost",
        push=PUSH.with_parameters(msg_signature=None),
        reason="signature_missing",
        says=("The query lacks msg_signature",),
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
            "The query is not one of WeChat's: msg_signature is not 40 lower-case hexadecimal "
            "digits",
        ),
    ),
    Kind(
        name="other names",
        push=replace(PUSH, query=PUSH.query.replace(b"msg_signature", b"msgSignature")),
        reason="signature_missing",
        says=("The query's names are written otherwise: msgSignature",),
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
            "The query holds encrypt_type, msg_signature, nonce, openid twice: what was signed "
            "would be ambiguous",
        ),
    ),
    Kind(
        name="blanks in the query",
        push=replace(PUSH, query=PUSH.query.replace(b"=", b"=%20") + b"%20"),
        reason="wrong_mode",
        says=("The query has blanks or quotes around its values",),
    ),
    Kind(
        name="signatures swapped",
        push=PUSH.with_parameters(
            signature=PUSH.parameter("msg_signature"), msg_signature=PUSH.parameter("signature")
        ),
        reason="signature_wrong",
        says=("signature and msg_signature are swapped: each stands where the other belongs",),
    ),
    Kind(
        name="capital letters",
        push=PUSH.with_parameters(msg_signature=PUSH.parameter("msg_signature").upper()),
        reason="signature_grammar",
        says=("The signature was turned into capital letters",),
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
        says=("The body is cut short: after 200 bytes it ends without its end",),
    ),
    Kind(
        name="an Encrypt cut short",
        push=replace(
            PUSH, body=PUSH.body.replace(_encrypt_of(PUSH.body), _encrypt_of(PUSH.body)[:101])
        ),
        reason="signature_wrong",
        says=(
            "The body is cut short: Encrypt has 101 characters, which is no whole number of blocks",
        ),
    ),
    Kind(
        name="the body of another push",
        push=replace(PUSH, body=sent(random16=b"x" * 16).body),
        reason="signature_wrong",
        says=(
            "The token is right, but this body is not the one that was signed: msg_signature "
            "does not cover its Encrypt",
        ),
    ),
    Kind(
        name="spaces for plus signs",
        push=replace(PLUS, body=PLUS.body.replace(b"+", b" ")),
        reason="signature_wrong",
        says=("URL decoding: the body's plus signs have become spaces",),
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
        says=("The body was re-encoded: it is in Base64 as a whole",),
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
        says=("Something stands around the body that WeChat did not send",),
    ),
    Kind(
        name="a wrapped Encrypt",
        push=replace(
            PUSH,
            body=PUSH.body.replace(
                _encrypt_of(PUSH.body), base64.encodebytes(base64.b64decode(_encrypt_of(PUSH.body)))
            ),
        ),
        reason="signature_wrong",
        says=("Encrypt has line breaks or blanks in it",),
    ),
    Kind(
        name="URL-safe Base64",
        push=replace(
            PLUS,
            body=PLUS.body.replace(
                _encrypt_of(PLUS.body),
                _encrypt_of(PLUS.body).replace(b"+", b"-").replace(b"/", b"_"),
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
            "It is a push of another Mini Program that is configured: of mini_programs.b",
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
            "The body was re-encoded: it is in Base64 as a whole",
            "It is meant for another app id than the configured one: for wx0000000000000009",
        ),
    ),
    Kind(
        name="plaintext that is neither XML nor JSON",
        push=sent(mode=Mode.PLAINTEXT, message=b"hello"),
        programs={"wechat": PLAINTEXT},
        reason="undecodable",
        says=("It is neither the XML nor the JSON that WeChat documents: format",),
    ),
    Kind(
        name="a plaintext body cut short, where secure is configured",
        push=Sent(query=sent(mode=Mode.PLAINTEXT).query, body=b"Encrypt"),
        reason="wrong_mode",
        says=("The query lacks msg_signature",),
    ),
    Kind(
        name="another app id and another key before it",
        push=sent(replace(OURS, app_id="wx0000000000000009")),
        programs=BOTH,
        reason="undecryptable",
        says=("It is meant for another app id than the configured one: for wx0000000000000009",),
    ),
    Kind(
        name="another program that is not encrypted",
        push=sent(STRANGER),
        programs={"wechat": OURS, "b": replace(PLAINTEXT, encoding_aes_key=None)},
        reason="signature_wrong",
        says=(NOBODYS,),
    ),
    Kind(
        name="URL verification with another token",
        push=Sent(
            query=build_verification(
                STRANGER, timestamp=NOW, nonce="1", echostr="4375120948345356249"
            ).encode(),
            body=b"",
        ),
        reason="signature_wrong",
        says=("The token is another one than WeChat's: everything else fits, no signature does",),
    ),
)


def _diagnosed(kind: Kind) -> Diagnosis:
    account = kind.programs["wechat"]
    with pytest.raises(WeChatError) as raised:
        open_push(account, kind.push.query, kind.push.body, now_unix=NOW)
    return diagnose(
        "wechat",
        kind.programs,
        kind.push.query,
        kind.push.body,
        refusal=raised.value,
        now_unix=NOW,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_refused_push_is_explained_in_these_words(kind: Kind) -> None:
    diagnosis = _diagnosed(kind)

    assert (diagnosis.reason, tuple(found.what for found in diagnosis.found)) == (
        kind.reason,
        kind.says,
    )
    assert all(found.remedy for found in diagnosis.found)


def test_there_are_many_kinds_and_each_cause_is_among_them() -> None:
    told = {found.cause for kind in KINDS for found in _diagnosed(kind).found}

    # A field can be amiss only in a push that was opened: see test_judgement.
    assert set(Cause) - told == {Cause.FIELD}


def test_every_cause_has_words() -> None:
    assert set(WORDS) == set(Cause)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_secret_is_told(kind: Kind) -> None:
    said = str(_diagnosed(kind))

    assert CANARY not in said
    assert OTHER_KEY not in said


def test_the_configured_app_id_opens_what_is_right() -> None:
    opened = open_push(OURS, PUSH.query, PUSH.body, now_unix=NOW)

    assert opened is not None
    assert OURS.app_id == APP_ID
