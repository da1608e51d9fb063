"""Whose push may it be, if not the configured account's: every other account worth a try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from adapter import development
from adapter.explain.causes import Cause, Found
from adapter.wechat.cipher import is_encoding_aes_key
from adapter.wechat.envelope import Account, Mode
from adapter.wechat.redact import Secret

KINDS = {
    Mode.PLAINTEXT: "not encrypted (plaintext)",
    Mode.SECURE: "encrypted (secure or compatible)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """An account that is not the configured one, and what it would mean."""

    account: Account
    found: Found


def others(section: str, programs: Mapping[str, Account]) -> Iterator[Other]:
    """Yield the accounts to try instead of the one of `section`, the likeliest first."""
    own = programs[section]
    yield from _of_another_mode(own)
    elsewhere = {name: account for name, account in programs.items() if name != section}
    for name, account in elsewhere.items():
        yield Other(account=account, found=Found(cause=Cause.OTHER_PROGRAM, about=name))
    for name, account in elsewhere.items():
        yield from _with_one_secret_of(own, name, account)
    bare = own.token.reveal().strip()
    if bare and bare != own.token.reveal():
        account = replace(own, token=Secret(bare))
        yield Other(account=account, found=Found(cause=Cause.TOKEN_BLANKS))
    if own.encoding_aes_key:
        yield from _with_exchanged_secrets(own, own.encoding_aes_key)
    for mode in (Mode.SECURE, Mode.PLAINTEXT):
        yield Other(account=_development(own, mode), found=Found(cause=Cause.DEVELOPMENT))


def _of_another_mode(own: Account) -> Iterator[Other]:
    if own.mode is not Mode.PLAINTEXT:
        mode = Mode.PLAINTEXT
    elif own.encoding_aes_key:
        mode = Mode.SECURE
    else:
        return
    yield Other(account=replace(own, mode=mode), found=Found(cause=Cause.MODE, about=KINDS[mode]))


def _with_one_secret_of(own: Account, name: str, other: Account) -> Iterator[Other]:
    for token in filter(None, (other.token, other.previous_token)):
        yield Other(
            account=replace(own, token=token),
            found=Found(cause=Cause.TOKEN_ELSEWHERE, about=name),
        )
    for key in filter(None, (other.encoding_aes_key, other.previous_encoding_aes_key)):
        yield Other(
            account=replace(own, encoding_aes_key=key),
            found=Found(cause=Cause.KEY_ELSEWHERE, about=name),
        )


def _with_exchanged_secrets(own: Account, key: Secret) -> Iterator[Other]:
    found = Found(cause=Cause.TOKEN_IS_THE_KEY)
    yield Other(account=replace(own, token=key), found=found)
    if is_encoding_aes_key(own.token.reveal()):
        account = replace(own, token=key, encoding_aes_key=own.token)
        yield Other(account=account, found=found)


def _development(own: Account, mode: Mode) -> Account:
    return replace(
        own,
        app_id=development.APP_ID,
        mode=mode,
        token=Secret(development.TOKEN),
        previous_token=None,
        encoding_aes_key=Secret(development.ENCODING_AES_KEY),
        previous_encoding_aes_key=None,
    )
