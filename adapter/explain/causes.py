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
        """Say what is the matter."""
        return WORDS[self.cause][0].format(about=self.about)

    @property
    def hint(self) -> str:
        """Say what to do."""
        return WORDS[self.cause][1].format(about=self.about)


_PROXY = "Let the proxy in front pass query and body on as they came."
_CAPTURE = "If the push itself was refused so: " + _PROXY

WORDS: dict[RefusalCause, tuple[str, str]] = {
    RefusalCause.TOKEN: (
        "The token is another one than WeChat's: everything else fits, no signature does",
        "Compare wechat.token with the page of message pushes, letter by letter.",
    ),
    RefusalCause.TOKEN_ELSEWHERE: (
        "It is signed with another token that is configured: that of {about}",
        "Exchange the two, or let WeChat push to the other path.",
    ),
    RefusalCause.TOKEN_BLANKS: (
        "The configured token has blanks around it; without them it signs this push",
        "Take the blanks away; a file of a secret often ends with one.",
    ),
    RefusalCause.TOKEN_IS_THE_KEY: (
        "It is signed with what is configured as the AES key",
        "The two are exchanged: set token and encoding_aes_key anew.",
    ),
    RefusalCause.KEY: (
        "The EncodingAESKey is another one than WeChat's: the signature is right, "
        "the decryption is not",
        "Compare wechat.encoding_aes_key with the page of message pushes. If it was changed "
        "just now, set previous_encoding_aes_key to the one before.",
    ),
    RefusalCause.KEY_ELSEWHERE: (
        "It is encrypted with another key that is configured: that of {about}",
        "Exchange the two, or let WeChat push to the other path.",
    ),
    RefusalCause.TOKEN_AND_KEY: (
        "Neither the token nor the key fits: it is another Mini Program's push, or nobody's",
        "Compare app id, token and key with the page of message pushes. Somebody who only "
        "tries doors looks the same.",
    ),
    RefusalCause.APP_ID: (
        "It is meant for another app id than the configured one: for {about}",
        "Set wechat.app_id to the Mini Program that pushes here.",
    ),
    RefusalCause.OTHER_PROGRAM: (
        "It is a push of another Mini Program that is configured: of {about}",
        "Let WeChat push it to that one's path.",
    ),
    RefusalCause.DEVELOPMENT: (
        "It was made with the development secrets, as `waybridge push` does without --config",
        "Give `waybridge push` the --config of this edge.",
    ),
    RefusalCause.MODE: (
        "The mode is another one: the push is {about}",
        "Set wechat.mode to what the page of message pushes says.",
    ),
    RefusalCause.CLOCK: (
        "The clock: it was signed {about}",
        "Set this machine's clock, or raise freshness_seconds. For an old capture say when it "
        "came: --at TIME, or the whole line of the access log as --query.",
    ),
    RefusalCause.QUERY_LOST: (
        "The query is empty: nothing says who signed",
        "Let the proxy in front pass the query on ($request_uri, not $uri, in nginx).",
    ),
    RefusalCause.QUERY_CHANGED: (
        "Or the timestamp or the nonce was changed on the way: no token signs what it is now",
        "Take query and body of the same push. " + _PROXY,
    ),
    RefusalCause.PARAMETER_LOST: ("The query lacks {about}", _PROXY),
    RefusalCause.PARAMETER_FORM: (
        "The query is not one of WeChat's: {about}",
        "If it was copied by hand, copy it again; else: " + _PROXY,
    ),
    RefusalCause.PARAMETER_NAMES: ("The query's names are written otherwise: {about}", _PROXY),
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
        "The query holds {about} twice: what was signed would be ambiguous",
        "Let the proxy in front not add the query a second time.",
    ),
    RefusalCause.QUERY_BLANKS: ("The query has blanks or quotes around its values", _CAPTURE),
    RefusalCause.SIGNATURES_SWAPPED: (
        "signature and msg_signature are swapped: each stands where the other belongs",
        _PROXY,
    ),
    RefusalCause.SIGNATURE_CASE: ("The signature was turned into capital letters", _PROXY),
    RefusalCause.TIMESTAMP_AND_NONCE_SWAPPED: ("timestamp and nonce are swapped", _PROXY),
    RefusalCause.TIMESTAMP_IN_MILLISECONDS: (
        "The timestamp is in milliseconds; WeChat signs seconds",
        _PROXY,
    ),
    RefusalCause.BODY_LOST: ("The body is empty", "Let the proxy in front pass the body on."),
    RefusalCause.BODY_TRUNCATED: (
        "The body is cut short: {about}",
        "Capture it whole; a log often cuts at 1, 4 or 8 KiB. " + _PROXY,
    ),
    RefusalCause.BODY_OF_ANOTHER_PUSH: (
        "The token is right, but this body is not the one that was signed: {about}",
        "Take query and body of the same push. " + _CAPTURE,
    ),
    RefusalCause.BODY_SPACE_FOR_PLUS: (
        "URL decoding: the body's plus signs have become spaces",
        "Something reads the body as a form. " + _PROXY,
    ),
    RefusalCause.BODY_PERCENT_ENCODED: (
        "The body was re-encoded: it is percent-encoded",
        "Something sends the body on as a form. " + _PROXY,
    ),
    RefusalCause.BODY_FORM: (
        "The body was re-encoded: it is a form, and the push stands in its field {about}",
        "Something reads the body as a form and sends it on as one. " + _PROXY,
    ),
    RefusalCause.BODY_HTML_ESCAPED: ("The body was re-encoded: it is escaped as in HTML", _CAPTURE),
    RefusalCause.BODY_JSON_ESCAPED: (
        "The body was re-encoded: it is escaped as in a JSON string",
        _CAPTURE,
    ),
    RefusalCause.BODY_BASE64: (
        "The body was re-encoded: it is in Base64 as a whole",
        "A gateway hands binary bodies on so; switch that off for this path.",
    ),
    RefusalCause.BODY_COMPRESSED: (
        "The body was re-encoded: it is compressed",
        "WeChat does not compress: switch it off in the proxy in front.",
    ),
    RefusalCause.BODY_UTF16: ("The body was re-encoded: it is UTF-16", _CAPTURE),
    RefusalCause.BODY_SURROUNDED: (
        "Something stands around the body that WeChat did not send",
        _CAPTURE,
    ),
    RefusalCause.ENCRYPT_WRAPPED: ("Encrypt has line breaks or blanks in it", _CAPTURE),
    RefusalCause.ENCRYPT_URL_SAFE: (
        "Encrypt is in the URL-safe Base64 (- and _ for + and /)",
        _PROXY,
    ),
    RefusalCause.FORMAT: (
        "It is neither the XML nor the JSON that WeChat documents: {about}",
        "If it was signed by WeChat, please report it, without the password.",
    ),
    RefusalCause.FIELD: (
        "It is authentic, but {about} is missing or malformed: no reply could be addressed",
        "Compare it with WeChat's document of the event.",
    ),
}
"""What is the matter, and what to do; `{about}` is the particular."""
