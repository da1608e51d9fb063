from __future__ import annotations

import tomllib

import pytest

from adapter.configuration.lines import lines_of_keys, place_of

TOML = '''\
# [comment]
top = 1

[edge] # of the world
listen = "x"
  "path" = 'y'
[carrier.tls]
ca = """
key = not a key
[nor a heading]
"""
cert = """one line"""
key = "k"
[ mini_programs . "a b" ]
token = "t"
x.y = 3
inline = { z = 1 }
'''


def test_every_heading_and_key_has_its_line() -> None:
    assert lines_of_keys(TOML) == {
        ("top",): 2,
        ("edge",): 4,
        ("edge", "listen"): 5,
        ("edge", "path"): 6,
        ("carrier", "tls"): 7,
        ("carrier", "tls", "ca"): 8,
        ("carrier", "tls", "cert"): 12,
        ("carrier", "tls", "key"): 13,
        ("mini_programs", "a b"): 14,
        ("mini_programs", "a b", "token"): 15,
        ("mini_programs", "a b", "x", "y"): 16,
        ("mini_programs", "a b", "inline"): 17,
    }


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("a = b", 1, 5), ("a = 1\n[b\n", 2, 3), ("a = 1\nb =", 2, 4), ("a = [1,\n", 2, 1)],
)
def test_a_syntax_error_has_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as refused:
        tomllib.loads(text)

    found_line, found_column, message = place_of(refused.value, text)

    assert (found_line, found_column) == (line, column)
    assert "(at" not in message
