from __future__ import annotations

import pytest

from adapter.config.kinds import without_password


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://u:p@h/d?host=/run", "postgresql://***@h/d?host=/run"),
        ("postgresql://u:p/@x@h/d", "postgresql://***"),
        ("postgresql://u:p?x@h/d", "postgresql://***"),
        ("postgresql://u:p@h:port/d", "postgresql://***"),
        ("http://u:p?x@h/d", "http://***@h/d"),
        ("postgresql:///d?user=u&password=p&x=1", "postgresql:///d?user=u&password=***&x=1"),
        ("http://token@h/", "http://***@h/"),
        ("sqlite:////var/w.db", "sqlite:////var/w.db"),
    ],
)
def test_an_url_is_shown_without_who_logs_in(url: str, masked: str) -> None:
    assert without_password(url) == masked
