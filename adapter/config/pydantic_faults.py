"""pydantic's errors as findings in our words. The value itself is never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from adapter.config.keys import ANY_NAME, Key, KeyTable
from adapter.diagnostics import table
from adapter.diagnostics.finding import Finding, meant, nearest

# pydantic's word for a fault → what we say. `{…}` are pydantic's own limits, never a value.
_MESSAGES: Mapping[str, str] = {
    "extra_forbidden": table.UNKNOWN,
    "int_type": "must be a whole number.",
    "float_type": table.NOT_NUMBER,
    "finite_number": "must be a finite number.",
    "bool_type": table.NOT_FLAG,
    "string_type": table.NOT_TEXT,
    "control_character": "contains a control character, perhaps a line break.",
    "literal_error": table.ONE_OF,
    "greater_than": "must be more than {gt}.",
    "greater_than_equal": "must be at least {ge}.",
    "less_than": "must be less than {lt}.",
    "less_than_equal": "must be at most {le}.",
    "model_type": table.NOT_TABLE,
    "model_attributes_type": table.NOT_TABLE,
    "dict_type": table.NOT_TABLE,
    "network_list": 'must be a list of addresses and networks, e.g. ["10.0.0.0/8"].',
    "network": 'holds "{text}", which is not an address or a network, e.g. 10.0.0.0/8.',
    "host_list": 'must be a list of host names, e.g. ["ops.example.com"].',
    "host": 'holds "{text}", which is not a host name or an address without scheme and port.',
    "string_pattern_mismatch": "is not a valid name for a Mini Program.",
}


def finding_of(error: ErrorDetails, keys: KeyTable, *, in_file: bool) -> Finding:
    """Say what one of pydantic's errors means. `in_file`: the value stands in the TOML file."""
    key = key_of(error)
    message = _MESSAGES.get(error["type"], "is not valid.")
    return Finding(
        key=".".join(key),
        message=message.format_map(error.get("ctx", {})),
        hint=_hint(error["type"], key, keys, in_file=in_file),
    )


def key_of(error: ErrorDetails) -> Key:
    """Return the key an error is about."""
    # pydantic marks an error in a dict's key, not its value, by a last part of its own.
    return tuple(str(part) for part in error["loc"] if part != "[key]")


def without(tree: dict[str, Any], key: Key) -> None:
    """Remove a faulty value, so that the rest can be judged too."""
    table: Any = tree
    for name in key[:-1]:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if isinstance(table, dict):
        table.pop(key[-1], None)


def _hint(kind: str, key: Key, keys: KeyTable, *, in_file: bool) -> str:
    if kind == "extra_forbidden":
        return _meant(key, keys)
    if kind == "string_pattern_mismatch":
        return "Use letters and digits, with single hyphens or underscores between."
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return table.table_hint(".".join(key))
    setting = keys.setting(key)
    if setting is None:
        return ""
    # Quotes are TOML's: in the environment a value never has any.
    quoted = in_file and kind in {"int_type", "float_type", "bool_type"}
    written = f"{table.WITHOUT_QUOTES} " if quoted else ""
    shown = default_text(setting.info.default)
    return f"{written}The default is {shown}." if shown else written.strip()


def _meant(key: Key, keys: KeyTable) -> str:
    siblings = [name for name in keys.below(key[:-1]) if name != ANY_NAME]
    elsewhere = [s.dotted for s in keys.settings.values() if s.key[-1] == key[-1]]
    if elsewhere and not nearest(key[-1], siblings):
        return f'Did you mean "{elsewhere[0]}"?'
    return meant(key[-1], siblings)


def default_text(default: object) -> str:
    """Write a default as the file would; an empty text for one that means absent."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, (int, float)):
        return f"{default:g}" if isinstance(default, float) else str(default)
    return f'"{default}"' if isinstance(default, str) and default else ""
