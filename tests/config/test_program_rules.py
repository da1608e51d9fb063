from __future__ import annotations

import pytest

from adapter import development
from adapter.config.program_rules import (
    aes_keys,
    app_ids,
    development_secrets,
    paths,
    tokens,
)
from adapter.config.sections import (
    EdgeSettings,
    MiniProgramSettings,
    Sections,
    WeChatSettings,
)
from adapter.diagnostics.finding import Severity
from adapter.wechat.secret import Secret


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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a" * 43 + "=", 'Remove the "=" at the end'),
        (f" {'a' * 43}\t", "Remove the spaces around it."),
        ("a" * 42, "Copy the whole EncodingAESKey from the Mini Program's page again."),
    ],
)
def test_how_an_aes_key_was_copied_wrongly_is_guessed(text: str, hint: str) -> None:
    program = WeChatSettings.model_construct(
        mode="secure",
        encoding_aes_key=Secret("a" * 43),
        previous_encoding_aes_key=Secret(text),
    )

    (breach,) = aes_keys(Sections(wechat=program))

    assert breach.key == "wechat.previous_encoding_aes_key"
    assert f"this has {len(text)} characters." in breach.message
    assert breach.hint.startswith(hint)


@pytest.mark.parametrize("mode", ["compatible", "secure"])
def test_where_messages_are_encrypted_a_key_is_needed(mode: str) -> None:
    sections = Sections(wechat=WeChatSettings.model_validate({"mode": mode}))

    assert [breach.key for breach in aes_keys(sections)] == ["wechat.encoding_aes_key"]
    assert [breach.key for breach in app_ids(sections)] == ["wechat.app_id"]


@pytest.mark.parametrize("text", ["ab", "a" * 33, "with space", "運單"])
def test_an_unusual_token_is_a_warning(text: str) -> None:
    program = WeChatSettings(token=Secret("abc"), previous_token=Secret(text))

    (breach,) = tokens(Sections(wechat=program))

    assert (breach.key, breach.severity) == ("wechat.previous_token", Severity.WARNING)


@pytest.mark.parametrize("text", ["gh_0123456789ab", "wx0123456789ABCDEF", "wx0"])
def test_an_unusual_app_id_is_a_warning(text: str) -> None:
    (breach,) = app_ids(Sections(wechat=WeChatSettings(app_id=text)))

    assert (breach.key, breach.severity) == ("wechat.app_id", Severity.WARNING)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/shop", []),
        ("/", []),
        ("", [("mini_programs.shop.path", "is missing.")]),
        (
            "shop",
            [("mini_programs.shop.path", "must begin with / and must not contain ?, # or spaces.")],
        ),
        (
            "/a b",
            [("mini_programs.shop.path", "must begin with / and must not contain ?, # or spaces.")],
        ),
        (
            "/?a",
            [("mini_programs.shop.path", "must begin with / and must not contain ?, # or spaces.")],
        ),
        (
            "/wechat/push",
            [
                (
                    "mini_programs.shop.path",
                    "is the same path as edge.path: their pushes could not be told apart.",
                )
            ],
        ),
    ],
)
def test_each_program_has_a_path_of_its_own(path: str, told: list[tuple[str, str]]) -> None:
    first = WeChatSettings(token=Secret("abc123"))
    sections = Sections(wechat=first, mini_programs={"shop": MiniProgramSettings(path=path)})

    assert [(breach.key, breach.message) for breach in paths(sections)] == told


def test_the_path_of_the_first_program_is_the_edges() -> None:
    sections = Sections(
        wechat=WeChatSettings(token=Secret("abc123")), edge=EdgeSettings(path="wechat")
    )

    assert [breach.key for breach in paths(sections)] == ["edge.path"]
