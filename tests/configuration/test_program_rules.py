from __future__ import annotations

import pytest

from adapter import development
from adapter.configuration.program_rules import aes_keys, app_ids, development_secrets, tokens
from adapter.configuration.sections import MiniProgramSettings, Sections, WeChatSettings
from adapter.wechat.redact import Secret


def test_plaintext_needs_a_token_and_nothing_else() -> None:
    sections = Sections(wechat=WeChatSettings(mode="plaintext"))

    assert [breach.key for breach in tokens(sections)] == ["wechat.token"]
    assert not [*app_ids(sections), *aes_keys(sections)]


def test_every_program_is_judged() -> None:
    shop = MiniProgramSettings(path="/shop", encoding_aes_key=Secret("short"))
    sections = Sections(mini_programs={"shop": shop})

    keys = [breach.key for rule in (tokens, app_ids, aes_keys) for breach in rule(sections)]

    assert keys == [
        "mini_programs.shop.token",
        "mini_programs.shop.app_id",
        "mini_programs.shop.encoding_aes_key",
    ]


def test_the_development_secrets_have_the_form_of_real_ones() -> None:
    program = WeChatSettings(
        app_id=development.APP_ID,
        token=Secret(development.TOKEN),
        encoding_aes_key=Secret(development.ENCODING_AES_KEY),
    )
    sections = Sections(wechat=program)

    assert not [*tokens(sections), *app_ids(sections), *aes_keys(sections)]
    assert [breach.key for breach in development_secrets(sections)] == [
        "wechat.app_id",
        "wechat.token",
        "wechat.encoding_aes_key",
    ]


@pytest.mark.parametrize("text", ["ü" * 43, "+" * 43, "/" * 43, "a" * 42 + "\n", "a" * 86])
def test_an_aes_key_is_43_letters_and_digits(text: str) -> None:
    sections = Sections(
        wechat=WeChatSettings.model_construct(mode="secure", encoding_aes_key=Secret(text))
    )

    assert [breach.key for breach in aes_keys(sections)] == ["wechat.encoding_aes_key"]
