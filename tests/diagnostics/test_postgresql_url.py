from __future__ import annotations

import pytest

from adapter.diagnostics.postgresql_url import (
    DROPPED,
    ENCODE,
    NotAPostgresqlUrl,
    postgresql_url,
)

SECRET = "k4n4ry"


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgresql://h/d", "postgresql://h/d"),
        ("postgres://u@h:5433/d", "postgresql://u@h:5433/d"),
        ("postgresql://u:p%40ss%2F@h/d", "postgresql://u:p%40ss%2F@h/d"),
        ("postgresql://u:p:ss@h/d", "postgresql://u:p%3Ass@h/d"),
        ("postgresql://u:密码@h/d", "postgresql://u:%E5%AF%86%E7%A0%81@h/d"),
        ("postgresql://u:p℀@h/d", "postgresql://u:p%E2%84%80@h/d"),
        ("postgresql://[::1]:5433/d", "postgresql://[::1]:5433/d"),
        ("postgresql://[fe80::1%25eth0]/d", "postgresql://[fe80::1%25eth0]/d"),
        ("postgresql://", "postgresql://"),
        ("postgresql:///d", "postgresql:///d"),
        ("postgresql://u@/d?host=/run/pg", "postgresql://u@%2Frun%2Fpg/d"),
        ("postgresql://u@%2Frun%2Fpg/d", "postgresql://u@%2Frun%2Fpg/d"),
        ("postgresql:///d?host=::1&port=5433", "postgresql://[::1]:5433/d"),
        ("postgresql:///d?port=5433", "postgresql:///d?port=5433"),
        ("postgresql://h/d?options=-c%20a%3Db", "postgresql://h/d?options=-c%20a%3Db"),
        ("postgresql://h/d?a=x+y", "postgresql://h/d?a=x%2By"),
        ("postgresql://h/d?fallback_application_name=x", "postgresql://h/d?application_name=x"),
    ],
)
def test_what_libpq_reads_is_read(url: str, dsn: str) -> None:
    assert postgresql_url(url).dsns == (dsn,)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://u@a,b:5433,[::1]/d", ["a", "b:5433", "[::1]"]),
        ("postgresql://u@/d?host=a,b", ["a", "b"]),
        ("postgresql://u@/d?host=a,b&port=1,2", ["a:1", "b:2"]),
        ("postgresql://u@/d?host=a,/run&port=7", ["a:7", "%2Frun:7"]),
    ],
)
def test_each_host_is_tried_by_itself(url: str, hosts: list[str]) -> None:
    assert postgresql_url(url).dsns == tuple(f"postgresql://u@{host}/d" for host in hosts)


@pytest.mark.parametrize("name", DROPPED)
def test_what_the_driver_lacks_is_dropped_with_its_reason(name: str) -> None:
    value = "disable" if name == "gssencmode" else "1"
    url = postgresql_url(f"postgresql://h/d?{name}={value}&sslmode=require")

    assert url.dsns == ("postgresql://h/d?sslmode=require",)
    assert dict(url.dropped) == {name: DROPPED[name]}


@pytest.mark.parametrize(
    ("query", "unprotected"),
    [
        ("channel_binding=require", ("channel_binding",)),
        ("channel_binding=prefer&gssencmode=disable", ()),
        ("require_auth=scram-sha-256", ("require_auth",)),
        ("connect_timeout=10", ()),
    ],
)
def test_a_protection_that_nobody_gives_is_told(query: str, unprotected: tuple[str, ...]) -> None:
    assert postgresql_url(f"postgresql://h/d?{query}").unprotected == unprotected


def test_the_certificates_of_the_machine_are_meant_by_system() -> None:
    url = postgresql_url("postgresql://h/d?sslrootcert=system&sslmode=verify-full")

    assert (url.uses_system_cas, url.dsns, dict(url.files)) == (True, ("postgresql://h/d",), {})


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"postgresql://u:{SECRET}@{SECRET}@h/d", "raw @"),
        (f"postgresql://u:{SECRET}/{SECRET}@h/d", "raw @, / or ?"),
        (f"postgresql://u:{SECRET}?{SECRET}@h/d", "raw @, / or ?"),
        (f"postgresql://u:1?x={SECRET}@h/d", "raw @, / or ?"),
        (f"postgresql://u:{SECRET}#{SECRET}@h/d", "raw #"),
        (f"postgresql://u:{SECRET}%{SECRET}@h/d", "hexadecimal"),
        (f"postgresql://u:{SECRET}%zz@h/d", "hexadecimal"),
        (f"postgresql://u:{SECRET}%00@h/d", "hexadecimal"),
        (f"postgresql://u:{SECRET}[{SECRET}@h/d", "raw ["),
        (f"postgresql://u:{SECRET}]@h/d", "raw ["),
        (f"postgresql://u:{SECRET} {SECRET}@h/d", "blank"),
        (f"postgresql://h:{SECRET}/w", "a port that is not a number"),
        (f"postgresql://u:{SECRET}@h:port/w", "a port that is not a number"),
        (f"postgresql://u:{SECRET}@h:99999/w", "a port that is not a number"),
        (f"postgresql://u:{SECRET}@h:0/w", "a port that is not a number"),
        (f"postgresql://u:{SECRET}@h:٣/w", "a port that is not a number"),
        (f"postgresql://u:{SECRET}@[::1/w", "IPv6"),
        (f"postgresql://u:{SECRET}@[::1]x/w", "IPv6"),
        (f"postgresql://u:{SECRET}@::1/w", "several colons"),
        (f"postgresql://u:{SECRET}@,h/w", "host without a name"),
        (f"postgresql://u:{SECRET}@:5432/w", "host without a name"),
        (f"postgresql://u:{SECRET}@/w?host=a,", "host without a name"),
        (f"postgresql://u:{SECRET}@/w?host=a,b,c&port=1,2", "as many ports"),
        (f"postgresql://u@h/d?password={SECRET}&{SECRET}", "name=value"),
        (f"postgresql://u@h/d?{SECRET}=1", "name=value"),
        (f"postgresql://u:{SECRET}@h/d?sslmode=bogus", "unknown value for sslmode"),
        (f"postgresql://u:{SECRET}@h/d?target_session_attrs=x", "for target_session_attrs"),
        (f"postgresql://u:{SECRET}@h/d?target_session_attrs=standby", "cannot be written"),
        (f"postgresql://u:{SECRET}@h/d?gssencmode=require", "GSSAPI"),
        (f"postgresql://u:{SECRET}@h/d?hostaddr=10.0.0.1", "hostaddr"),
        (f"mysql://u:{SECRET}@h/d", "not a PostgreSQL URL"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line_without_a_piece_of_it(url: str, says: str) -> None:
    with pytest.raises(NotAPostgresqlUrl) as caught:
        postgresql_url(url)

    assert says in caught.value.message
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_the_hint_says_what_to_encode() -> None:
    assert all(code in ENCODE for code in ("%40 for @", "%2F for /", "%3A for :", "%25 for %"))
