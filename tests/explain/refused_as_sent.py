"""Refused pushes that came as they were sent: another's secrets, mode, app id or clock."""

from __future__ import annotations

from dataclasses import replace

from adapter import development
from adapter.wechat.client_side import build_verification
from adapter.wechat.envelope import Mode
from adapter.wechat.secret import Secret
from tests import defaults
from tests.explain.capturing import (
    BOTH,
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_TOKEN,
    OURS,
    THEIRS,
    Sent,
    sent,
)
from tests.explain.kinds import NOT_SIGNED, PLAINTEXT, STRANGER, Kind

PUSH = sent()
NOBODYS = "Neither the token nor the key matches: it is another Mini Program's push, or a forgery"
DEVELOPMENT = replace(
    defaults.ACCOUNT,
    app_id=development.APP_ID,
    mode=Mode.SECURE,
    token=Secret(development.TOKEN),
    encoding_aes_key=Secret(development.ENCODING_AES_KEY),
)

AS_SENT = (
    Kind(
        name="another token",
        push=sent(replace(OURS, token=Secret("stranger"))),
        reason="signature_wrong",
        says=NOT_SIGNED,
    ),
    Kind(
        name="the token of another program",
        push=sent(replace(OURS, token=Secret(OTHER_TOKEN))),
        programs=BOTH,
        reason="signature_wrong",
        says=("It is signed with another configured token, that of mini_programs.b",),
    ),
    Kind(
        name="the previous token of another program",
        push=sent(replace(OURS, token=Secret("before"))),
        programs={**BOTH, "mini_programs.b": replace(THEIRS, previous_token=Secret("before"))},
        reason="signature_wrong",
        says=("It is signed with another configured token, that of mini_programs.b",),
    ),
    Kind(
        name="a token with a line end",
        push=PUSH,
        programs={"wechat": replace(OURS, token=Secret(f"{OURS.token.reveal()}\n"))},
        reason="signature_wrong",
        says=("The configured token has spaces around it; without them the signature matches",),
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
        says=("It is signed with the configured AES key",),
    ),
    Kind(
        name="another key",
        push=sent(replace(OURS, encoding_aes_key=Secret("s" * 43))),
        reason="undecryptable",
        says=(
            "The EncodingAESKey differs from WeChat's: the signature is correct, but decryption "
            "fails",
        ),
    ),
    Kind(
        name="the key of another program",
        push=sent(replace(OURS, encoding_aes_key=Secret(OTHER_KEY))),
        programs=BOTH,
        reason="undecryptable",
        says=("It is encrypted with another configured key, that of mini_programs.b",),
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
        says=("It is for a different app id than the configured one: wx0000000000000009",),
    ),
    Kind(
        name="another program's push",
        push=sent(THEIRS),
        programs=BOTH,
        reason="signature_wrong",
        says=("It is a push of another configured Mini Program: mini_programs.b",),
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
        says=("The mode differs: the push is not encrypted (plaintext)",),
    ),
    Kind(
        name="secure where plaintext is configured",
        push=PUSH,
        programs={"wechat": PLAINTEXT},
        reason="wrong_mode",
        says=("The mode differs: the push is encrypted (secure or compatible)",),
    ),
    Kind(
        name="plaintext with another token",
        push=sent(STRANGER, mode=Mode.PLAINTEXT),
        reason="wrong_mode",
        says=(
            "The mode differs: the push is not encrypted (plaintext)",
            *NOT_SIGNED,
        ),
    ),
    Kind(
        name="another token in plaintext",
        push=sent(STRANGER, mode=Mode.PLAINTEXT),
        programs={"wechat": PLAINTEXT},
        reason="signature_wrong",
        says=NOT_SIGNED,
    ),
    Kind(
        name="long ago",
        push=sent(timestamp=NOW - 3 * 86_400 - 777),
        reason="stale",
        says=(
            "The timestamp is out of range: it was signed 3 days before it arrived "
            "(2024-04-23 06:07:48 UTC and 2024-04-26 06:20:45 UTC), and 600 s are allowed",
        ),
    ),
    Kind(
        name="from the future, by whole hours",
        push=sent(timestamp=NOW + 8 * 3600 + 3),
        reason="stale",
        says=(
            "The timestamp is out of range: it was signed 8 h 0 min after it arrived "
            "(2024-04-26 14:20:48 UTC and 2024-04-26 06:20:45 UTC), and 600 s are allowed; "
            "whole hours look like a clock set in another time zone",
        ),
    ),
    Kind(
        name="another app id and another key before it",
        push=sent(replace(OURS, app_id="wx0000000000000009")),
        programs=BOTH,
        reason="undecryptable",
        says=("It is for a different app id than the configured one: wx0000000000000009",),
    ),
    Kind(
        name="another program that is not encrypted",
        push=sent(STRANGER),
        programs={"wechat": OURS, "b": replace(PLAINTEXT, encoding_aes_key=None)},
        reason="signature_wrong",
        says=(NOBODYS,),
    ),
    Kind(
        name="another program whose key is missing",
        push=sent(STRANGER),
        programs={"wechat": OURS, "b": replace(THEIRS, encoding_aes_key=None)},
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
        says=NOT_SIGNED,
    ),
)
