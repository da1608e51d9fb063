"""pydantic's errors as findings in our words. The value itself is never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from adapter.configuration.findings import Finding, Severity
from adapter.configuration.keys import ANY_NAME, Key, KeyTable, nearest
from adapter.configuration.sources import Origin, Values

# pydantic's word for a fault → what we say. `{…}` are pydantic's own limits, never a value.
_MESSAGES: Mapping[str, str] = {
    "extra_forbidden": "is no setting.",
    "int_type": "must be a whole number.",
    "float_type": "must be a number.",
    "finite_number": "must be a finite number.",
    "bool_type": "must be true or false.",
    "string_type": "must be text.",
    "control_character": "holds a control character, perhaps a line break.",
    "literal_error": "must be one of {expected}.",
    "greater_than": "must be more than {gt}.",
    "greater_than_equal": "must be at least {ge}.",
    "less_than": "must be less than {lt}.",
    "less_than_equal": "must be at most {le}.",
    "model_type": "must be a section, not a value.",
    "model_attributes_type": "must be a section, not a value.",
    "dict_type": "must hold sections, not be a value.",
    "network_list": 'must be a list of addresses and networks, e.g. ["10.0.0.0/8"].',
    "network": 'holds "{text}", which is not an address or a network, e.g. 10.0.0.0/8.',
    "string_pattern_mismatch": "is no name for a Mini Program.",
}


def finding_of(error: ErrorDetails, values: Values, keys: KeyTable) -> Finding:
    """Say what one of pydantic's errors means, with the place that caused it."""
    key = key_of(error)
    message = _MESSAGES.get(error["type"], "is not valid.")
    return place(
        values,
        Severity.ERROR,
        key,
        message.format_map(error.get("ctx", {})),
        _hint(error["type"], key, keys, origin=values.origin_of(key) or values.main),
    )


def key_of(error: ErrorDetails) -> Key:
    """Return the key an error is about."""
    # pydantic marks an error in a dict's key, not its value, by a last part of its own.
    return tuple(str(part) for part in error["loc"] if part != "[key]")


def place(values: Values, severity: Severity, key: Key, message: str, hint: str) -> Finding:
    """Make a finding about a key, naming who set it; a key nobody set is the file's fault."""
    origin = values.origin_of(key) or values.main
    return Finding(
        severity=severity,
        source=origin.source,
        line=origin.line,
        key=".".join(key),
        message=message,
        hint=hint,
    )


def without(tree: dict[str, Any], key: Key) -> None:
    """Remove a faulty value, so that the rest can be judged too."""
    table: Any = tree
    for name in key[:-1]:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if isinstance(table, dict):
        table.pop(key[-1], None)


def _hint(kind: str, key: Key, keys: KeyTable, *, origin: Origin) -> str:
    if kind == "extra_forbidden":
        return _meant(key, keys)
    if kind == "string_pattern_mismatch":
        return "Use letters and digits, with single hyphens or underscores between."
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return f"Write [{'.'.join(key)}] on a line of its own and its keys below."
    setting = keys.setting(key)
    if setting is None:
        return ""
    # Quotes are TOML's: in the environment a value never has any.
    quoted = origin.line is not None and kind in {"int_type", "float_type", "bool_type"}
    written = "Write it without quotes. " if quoted else ""
    shown = default_text(setting.info.default)
    return f"{written}The default is {shown}." if shown else written.strip()


def _meant(key: Key, keys: KeyTable) -> str:
    siblings = keys.below(key[:-1])
    meant = nearest(key[-1], siblings)
    if meant:
        return f"Did you mean {meant}?"
    elsewhere = [s.dotted for s in keys.settings.values() if s.key[-1] == key[-1]]
    if elsewhere:
        return f"Did you mean {elsewhere[0]}?"
    listed = ", ".join(name for name in siblings if name != ANY_NAME)
    return f"{'.'.join(key[:-1]) or 'The file'} has: {listed}."


def default_text(default: object) -> str:
    """Write a default as the file would; an empty text for one that means absent."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (int, float)):
        return f"{default:g}" if isinstance(default, float) else str(default)
    return f'"{default}"' if isinstance(default, str) and default else ""
