from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from hypothesis import given
from hypothesis import strategies as st

from adapter.carrier.channel.masking import masked

SECRETS = ["canary-password", "p&s <w>\"o'r/d+", "密码 123456", "a\\b%c=d~(e)*"]


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "percent": lambda secret: quote(secret, safe=""),
    "percent, lower case": lambda secret: quote(secret, safe="").replace("%2F", "%2f"),
    "a form": quote_plus,
    "every byte": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "encodeURIComponent": lambda secret: quote(secret, safe="!'()*~"),
    "JSON": json.dumps,
    "JSON, not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"pwd": secret})),
    "JSON of Go": lambda secret: json.dumps(secret).replace("&", "\\u0026").replace("<", "\\u003c"),
    "HTML": html.escape,
    "XML": lambda secret: html.escape(secret).replace("&#x27;", "&apos;"),
    "repr": repr,
    "repr of bytes": lambda secret: repr(secret.encode()),
    "protobuf": lambda secret: str(StringValue(value=secret)),
    "Base64": base64_of,
    "Base64, basic": lambda secret: base64_of(f"xyz:{secret}"),
    "Base64 at 1": lambda secret: base64_of(f"a{secret}b"),
    "Base64 at 2": lambda secret: base64_of(f"ab{secret}bc"),
    "Base64, URL": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal, upper case": lambda secret: secret.encode().hex().upper(),
}


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form(form: str, secret: str) -> None:
    held = FORMS[form](secret)

    line = masked(f"rejected {held} for xyz", secret=secret, mask="***")

    assert "***" in line
    # What is left of an encoded text, as of its neighbours in Base64, is less than the secret.
    assert held.strip("\"'") not in line
    assert secret not in line


def test_the_rest_of_the_text_stays() -> None:
    assert masked("no login for hunter2 at 7", secret="hunter2", mask="***") == (
        "no login for *** at 7"
    )
    assert masked("no such order", secret="hunter2", mask="***") == "no such order"


def test_a_form_that_only_decoding_shows_masks_the_whole_text() -> None:
    held = "h%75nter2 was \\u0068unter2"

    assert masked(held, secret="hunter2", mask="***") == "***"


def test_nothing_is_masked_without_a_secret_or_a_text() -> None:
    assert masked("a text", secret="", mask="***") == "a text"
    assert masked("", secret="hunter2", mask="***") == ""


def test_a_short_secret_is_masked_as_it_is_only() -> None:
    assert masked("7 of 37", secret="7", mask="***") == "*** of 3***"


@given(st.text(min_size=1), st.text())
def test_no_text_raises_and_none_keeps_the_secret(secret: str, text: str) -> None:
    if secret not in "***":
        assert secret not in masked(f"{text}{secret}{text}", secret=secret, mask="***") or (
            # A mask beside other characters may spell a secret of asterisks.
            "*" in secret
        )
