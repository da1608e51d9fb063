"""The rules for each Mini Program: its token, AppID, keys and path."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapter import development
from adapter.config.sections import Sections, WeChatSettings
from adapter.diagnostics.finding import Finding, Severity
from adapter.wechat.cipher import is_encoding_aes_key
from adapter.wechat.secret import Secret

_USUAL_TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
_USUAL_APP_ID = re.compile(r"wx[0-9a-f]{16}")


def development_secrets(sections: Sections) -> Iterator[Finding]:
    """Find the published secrets: whoever read our source could cancel waybills with them."""
    known = {development.TOKEN, development.ENCODING_AES_KEY, development.APP_ID}
    for section, program in sections.programs.items():
        texts = {"app_id": program.app_id}
        texts |= {name: secret.reveal() for name, secret in _secrets(program)}
        for name, text in texts.items():
            if text in known:
                yield Finding(
                    key=f"{section}.{name}",
                    message="is the development value that `waybridge dev` prints for everyone.",
                    hint="Take it from the Mini Program's page of message pushes.",
                )


def _secrets(program: WeChatSettings) -> tuple[tuple[str, Secret], ...]:
    return (
        ("token", program.token),
        ("previous_token", program.previous_token),
        ("encoding_aes_key", program.encoding_aes_key),
        ("previous_encoding_aes_key", program.previous_encoding_aes_key),
    )


def tokens(sections: Sections) -> Iterator[Finding]:
    """Want a token for every program, of the usual form."""
    for section, program in sections.programs.items():
        if not program.token:
            variable = f"WAYBRIDGE_{section}.TOKEN".replace(".", "__").replace("-", "_").upper()
            yield Finding(
                key=f"{section}.token",
                message="is missing: without it a forged push cannot be detected.",
                hint=f"Set it here, as {variable}, or as a file of that name in "
                "WAYBRIDGE_SECRETS_DIR.",
            )
        for name, secret in _secrets(program)[:2]:
            if secret and not _USUAL_TOKEN.fullmatch(secret.reveal()):
                yield Finding(
                    severity=Severity.WARNING,
                    key=f"{section}.{name}",
                    message="does not look like a Token: WeChat's have 3 to 32 letters and digits.",
                    hint="Compare it with the Mini Program's page; check for spaces at the ends.",
                )


def app_ids(sections: Sections) -> Iterator[Finding]:
    """Want an AppID wherever messages are encrypted, of the usual form."""
    for section, program in sections.programs.items():
        if not program.app_id and program.mode != "plaintext":
            yield Finding(
                key=f"{section}.app_id",
                message=f"is missing: in {program.mode} mode every message ends with it.",
                hint="Take it from the Mini Program's page; it begins with wx.",
            )
        elif program.app_id and not _USUAL_APP_ID.fullmatch(program.app_id):
            yield Finding(
                severity=Severity.WARNING,
                key=f"{section}.app_id",
                message="does not look like an AppID: wx and 16 digits of 0-9 and a-f.",
                hint="It is not the gh_… name of the account; compare it with the page.",
            )


def aes_keys(sections: Sections) -> Iterator[Finding]:
    """Want keys that AES can take wherever messages are encrypted."""
    for section, program in sections.programs.items():
        if program.mode == "plaintext":
            continue
        if not program.encoding_aes_key:
            yield Finding(
                key=f"{section}.encoding_aes_key",
                message=f"is missing: in {program.mode} mode messages are decrypted with it.",
                hint="Take it from the Mini Program's page, or choose plaintext there and here.",
            )
        for name, secret in _secrets(program)[2:]:
            if secret and not is_encoding_aes_key(secret.reveal()):
                yield Finding(
                    key=f"{section}.{name}",
                    message="must be 43 letters and digits; "
                    f"this has {len(secret.reveal())} characters.",
                    hint=_aes_key_hint(secret.reveal()),
                )


def _aes_key_hint(text: str) -> str:
    if is_encoding_aes_key(text.rstrip("=")):
        return 'Remove the "=" at the end: WeChat\'s key has none.'
    if is_encoding_aes_key(text.strip()):
        return "Remove the spaces around it."
    return "Copy the whole EncodingAESKey from the Mini Program's page again."


def paths(sections: Sections) -> Iterator[Finding]:
    """Want a path of its own for each program."""
    taken: dict[str, str] = {}
    for section in sections.programs:
        path = sections.path_of(section)
        key = "edge.path" if section == "wechat" else f"{section}.path"
        if not re.fullmatch(r"/[^?#\s]*", path):
            yield Finding(
                key=key,
                message="is missing."
                if not path
                else "must begin with / and must not contain ?, # or spaces.",
                hint="Write the path of the URL configured at WeChat, e.g. /wechat/push.",
            )
        elif path in taken:
            yield Finding(
                key=key,
                message=f"is the same path as {taken[path]}: their pushes could not be told apart.",
                hint="Give each Mini Program a path of its own, here and at WeChat.",
            )
        else:
            taken[path] = key
