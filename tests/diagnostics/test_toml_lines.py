from __future__ import annotations

import tomllib

import pytest

from adapter.diagnostics.toml_lines import dotted, fault_place, lines_of, places_of

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
    assert lines_of(TOML) == {
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
        ("mini_programs", "a b", "inline", "z"): 17,
    }


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("a = b", 1, 5), ("a = 1\n[b\n", 2, 3), ("a = 1\nb =", 2, 4), ("a = [1,\n", 2, 1)],
)
def test_a_syntax_error_has_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as refused:
        tomllib.loads(text)

    found_line, found_column, message = fault_place(refused.value, text)

    assert (found_line, found_column) == (line, column)
    assert "(at" not in message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = """\nmethod = "x"\n"""\n\nmethod = "real"\n', 5),
        ("a = '''\nmethod = 'x'\n'''\nmethod = 'real'\n", 4),
        ('a = """one""" # """\nmethod = "real"\n', 2),
        ('a = """\n\\"""\nmethod = 1\n"""""\nmethod = "real"\n', 5),
        ('a = [\n  "method = 1", # method = 2\n  [3],\n]\nmethod = "real"\n', 5),
        ('a = "# not a comment"\nmethod = "real" # "method"\n', 2),
        ('a = { x = """\nmethod = 1\n""" }\nmethod = "real"\n', 4),
        ('"me\\u0074hod" = "real"\n', 1),
        ("\n\n'method' = \"real\"\n", 3),
        ('#method = 1\n\n  method="real"', 3),
        ('a = "\x85\u2028"\nmethod = 1\n', 2),
        ("a = 1979-05-27T07:32:00Z\nmethod = -1.5e3\n", 2),
    ],
)
def test_a_key_inside_a_text_or_a_list_is_none(text: str, line: int) -> None:
    assert "method" in tomllib.loads(text)

    assert lines_of(text)["method",] == line


def test_tables_of_a_list_are_numbered_and_what_lies_below_is_theirs() -> None:
    text = """
[[orders]]
waybill = "a"
[[orders]]
waybill = "b"
[orders.more]
x = 1
[[orders.items]]
y = 2
[[orders.items]]
[other]
inline = [
  { z = 1 },
  { z = 2 },
]
"""
    tomllib.loads(text)

    found = {dotted(key): line for key, line in lines_of(text).items()}

    assert found == {
        "orders": 2,
        "orders 1": 2,
        "orders 1.waybill": 3,
        "orders 2": 4,
        "orders 2.waybill": 5,
        "orders 2.more": 6,
        "orders 2.more.x": 7,
        "orders 2.items": 8,
        "orders 2.items 1": 8,
        "orders 2.items 1.y": 9,
        "orders 2.items 2": 10,
        "other": 11,
        "other.inline": 12,
        "other.inline 1": 13,
        "other.inline 1.z": 13,
        "other.inline 2": 14,
        "other.inline 2.z": 14,
    }


@pytest.mark.parametrize(
    "text",
    ["[", "[[", "a", "a =", "a = [1", "a = {b", 'a = """x', "= 1", "a = 1 }", "a = [}]", "."],
)
def test_a_text_that_is_not_toml_ends_the_walk_and_no_more(text: str) -> None:
    assert len(places_of(f"first = 1\n{text}")) >= 1
