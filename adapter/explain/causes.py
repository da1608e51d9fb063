"""Why a push is refused: every cause there is a name for, in words, with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RefusalCause(Enum):
    """One reason. Each was tried, or is what is left when everything else was."""

    TOKEN = "token"  # noqa: S105 - the name of a cause
    TOKEN_ELSEWHERE = "token_elsewhere"  # noqa: S105 - the name of a cause
    TOKEN_BLANKS = "token_blanks"  # noqa: S105 - the name of a cause
    TOKEN_IS_THE_KEY = "token_is_the_key"  # noqa: S105 - the name of a cause
    KEY = "key"
    KEY_ELSEWHERE = "key_elsewhere"
    TOKEN_AND_KEY = "token_and_key"  # noqa: S105 - the name of a cause
    APP_ID = "app_id"
    OTHER_PROGRAM = "other_program"
    DEVELOPMENT = "development"
    MODE = "mode"
    CLOCK = "clock"
    QUERY_LOST = "query_lost"
    QUERY_CHANGED = "query_changed"
    PARAMETER_LOST = "parameter_lost"
    PARAMETER_FORM = "parameter_form"
    PARAMETER_NAMES = "parameter_names"
    QUERY_ENCODED_TWICE = "query_encoded_twice"
    QUERY_HTML_ESCAPED = "query_html_escaped"
    QUERY_JSON_ESCAPED = "query_json_escaped"
    QUERY_REPEATED = "query_repeated"
    QUERY_BLANKS = "query_blanks"
    SIGNATURES_SWAPPED = "signatures_swapped"
    SIGNATURE_CASE = "signature_case"
    TIMESTAMP_AND_NONCE_SWAPPED = "timestamp_and_nonce_swapped"
    TIMESTAMP_IN_MILLISECONDS = "timestamp_in_milliseconds"
    BODY_LOST = "body_lost"
    BODY_TRUNCATED = "body_truncated"
    BODY_OF_ANOTHER_PUSH = "body_of_another_push"
    BODY_SPACE_FOR_PLUS = "body_space_for_plus"
    BODY_PERCENT_ENCODED = "body_percent_encoded"
    BODY_FORM = "body_form"
    BODY_HTML_ESCAPED = "body_html_escaped"
    BODY_JSON_ESCAPED = "body_json_escaped"
    BODY_BASE64 = "body_base64"
    BODY_COMPRESSED = "body_compressed"
    BODY_UTF16 = "body_utf16"
    BODY_SURROUNDED = "body_surrounded"
    ENCRYPT_WRAPPED = "encrypt_wrapped"
    ENCRYPT_URL_SAFE = "encrypt_url_safe"
    FORMAT = "format"
    FIELD = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A cause that explains a push. `about` is its particular, never a secret."""

    cause: RefusalCause
    about: str = ""

    @property
    def message(self) -> str:
        """Say what is wrong."""
        return WORDS[self.cause][0].format(about=self.about)

    @property
    def hint(self) -> str:
        """Say what to do."""
        return WORDS[self.cause][1].format(about=self.about)


_PROXY = "Configure the proxy in front to pass query and body on unchanged."
_CAPTURE = "If the push itself was refused for this: " + _PROXY

WORDS: dict[RefusalCause, tuple[str, str]] = {
    RefusalCause.TOKEN: (
        "The token differs from WeChat's: everything matches except the signature",
        "Compare wechat.token with the page of message pushes, letter by letter.",
    ),
    RefusalCause.TOKEN_ELSEWHERE: (
        "It is signed with another configured token, that of {about}",
        "Swap the two, or let WeChat push to the other path.",
    ),
    RefusalCause.TOKEN_BLANKS: (
        "The configured token has spaces around it; without them the signature matches",
        "Remove the spaces; a secrets file often ends with a line break.",
    ),
    RefusalCause.TOKEN_IS_THE_KEY: (
        "It is signed with the configured AES key",
        "Token and AES key are swapped: correct token and encoding_aes_key.",
    ),
    RefusalCause.KEY: (
        "The EncodingAESKey differs from WeChat's: the signature is correct, but decryption fails",
        "Compare wechat.encoding_aes_key with the page of message pushes. If it was "
        "changed just now, set previous_encoding_aes_key to the old key.",
    ),
    RefusalCause.KEY_ELSEWHERE: (
        "It is encrypted with another configured key, that of {about}",
        "Swap the two, or let WeChat push to the other path.",
    ),
    RefusalCause.TOKEN_AND_KEY: (
        "Neither the token nor the key matches: it is another Mini Program's push, or a forgery",
        "Compare app id, token and key with the page of message pushes. Random "
        "requests from the internet look the same.",
    ),
    RefusalCause.APP_ID: (
        "It is for a different app id than the configured one: {about}",
        "Set wechat.app_id to the Mini Program that pushes here.",
    ),
    RefusalCause.OTHER_PROGRAM: (
        "It is a push of another configured Mini Program: {about}",
        "Let WeChat push it to that one's path.",
    ),
    RefusalCause.DEVELOPMENT: (
        "It was made with the development secrets, as `waybridge push` does without --config",
        "Give `waybridge push` the --config of this edge.",
    ),
    RefusalCause.MODE: (
        "The mode differs: the push is {about}",
        "Set wechat.mode to the mode on the page of message pushes.",
    ),
    RefusalCause.CLOCK: (
        "The timestamp is out of range: it was signed {about}",
        "Correct this machine's clock, or raise freshness_seconds. For an old capture give the "
        "time it arrived with --at, or the whole access log line with --query.",
    ),
    RefusalCause.QUERY_LOST: (
        "The query is empty, so there is no signature",
        "Configure the proxy in front to pass the query on ($request_uri, not $uri, in nginx).",
    ),
    RefusalCause.QUERY_CHANGED: (
        "Or the timestamp or nonce was changed on the way, so that no token matches",
        "Use query and body of the same push. " + _PROXY,
    ),
    RefusalCause.PARAMETER_LOST: ("The query lacks {about}", _PROXY),
    RefusalCause.PARAMETER_FORM: (
        "The query is not in WeChat's form: {about}",
        "If it was copied by hand, copy it again; otherwise: " + _PROXY,
    ),
    RefusalCause.PARAMETER_NAMES: ("The parameter names are changed: {about}", _PROXY),
    RefusalCause.QUERY_ENCODED_TWICE: ("URL decoding: the query is encoded twice", _PROXY),
    RefusalCause.QUERY_HTML_ESCAPED: (
        "URL decoding: the query is escaped as in HTML (&amp; for &)",
        _CAPTURE,
    ),
    RefusalCause.QUERY_JSON_ESCAPED: (
        "URL decoding: the query is escaped as in JSON (\\u0026 for &)",
        _CAPTURE,
    ),
    RefusalCause.QUERY_REPEATED: (
        "The query contains {about} twice, so the signed value is ambiguous",
        "Configure the proxy in front not to add the query a second time.",
    ),
    RefusalCause.QUERY_BLANKS: (
        "The values of the query have spaces or quotes around them",
        _CAPTURE,
    ),
    RefusalCause.SIGNATURES_SWAPPED: (
        "signature and msg_signature are swapped",
        _PROXY,
    ),
    RefusalCause.SIGNATURE_CASE: ("The signature was converted to upper case", _PROXY),
    RefusalCause.TIMESTAMP_AND_NONCE_SWAPPED: ("timestamp and nonce are swapped", _PROXY),
    RefusalCause.TIMESTAMP_IN_MILLISECONDS: (
        "The timestamp is in milliseconds; WeChat signs seconds",
        _PROXY,
    ),
    RefusalCause.BODY_LOST: (
        "The body is empty",
        "Configure the proxy in front to pass the body on.",
    ),
    RefusalCause.BODY_TRUNCATED: (
        "The body is truncated: {about}",
        "Capture all of it; logs often truncate at 1, 4 or 8 KiB. " + _PROXY,
    ),
    RefusalCause.BODY_OF_ANOTHER_PUSH: (
        "The token is correct, but this body is not the signed one: {about}",
        "Use query and body of the same push. " + _CAPTURE,
    ),
    RefusalCause.BODY_SPACE_FOR_PLUS: (
        "URL decoding: plus signs of the body became spaces",
        "Something parses the body as a form. " + _PROXY,
    ),
    RefusalCause.BODY_PERCENT_ENCODED: (
        "The body was re-encoded: it is percent-encoded",
        "Something forwards the body as a form. " + _PROXY,
    ),
    RefusalCause.BODY_FORM: (
        "The body was re-encoded: it is a form with the push in its field {about}",
        "Something parses the body as a form and forwards it as one. " + _PROXY,
    ),
    RefusalCause.BODY_HTML_ESCAPED: ("The body was re-encoded: it is escaped as in HTML", _CAPTURE),
    RefusalCause.BODY_JSON_ESCAPED: (
        "The body was re-encoded: it is escaped as in a JSON string",
        _CAPTURE,
    ),
    RefusalCause.BODY_BASE64: (
        "The body was re-encoded: all of it is Base64",
        "Some gateways do this to binary bodies; switch it off for this path.",
    ),
    RefusalCause.BODY_COMPRESSED: (
        "The body was re-encoded: it is compressed",
        "WeChat does not compress; switch compression off in the proxy in front.",
    ),
    RefusalCause.BODY_UTF16: ("The body was re-encoded: it is UTF-16", _CAPTURE),
    RefusalCause.BODY_SURROUNDED: (
        "The body has additional text around it that WeChat did not send",
        _CAPTURE,
    ),
    RefusalCause.ENCRYPT_WRAPPED: ("Encrypt contains line breaks or spaces", _CAPTURE),
    RefusalCause.ENCRYPT_URL_SAFE: (
        "Encrypt is in the URL-safe Base64 (- and _ for + and /)",
        _PROXY,
    ),
    RefusalCause.FORMAT: (
        "It is neither the XML nor the JSON that WeChat documents: {about}",
        "If WeChat signed it, please report it, without the password.",
    ),
    RefusalCause.FIELD: (
        "It is authentic, but {about} is missing or not valid, so no reply can be addressed",
        "Compare it with WeChat's documentation of the event.",
    ),
}
"""What is wrong, and what to do; `{about}` is the detail."""
