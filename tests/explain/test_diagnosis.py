"""Every kind of refused push, and the words that name why."""

from __future__ import annotations

import pytest

from adapter.explain.causes import WORDS, RefusalCause
from adapter.explain.diagnosis import Diagnosis, diagnose, is_verification, open_push
from adapter.wechat.client_side import build_verification
from adapter.wechat.errors import WeChatError
from tests.explain.capturing import APP_ID, CANARY, NOW, OTHER_KEY, OURS, sent
from tests.explain.kinds import Kind
from tests.explain.refused_as_sent import AS_SENT
from tests.explain.refused_body_changed import BODY_CHANGED
from tests.explain.refused_query_changed import QUERY_CHANGED

KINDS = AS_SENT + QUERY_CHANGED + BODY_CHANGED
PUSH = sent()


def _diagnosed(kind: Kind) -> Diagnosis:
    account = kind.programs["wechat"]
    with pytest.raises(WeChatError) as raised:
        open_push(account, kind.push.query, kind.push.body, now_unix=NOW)
    return diagnose(
        "wechat",
        kind.programs,
        kind.push.query,
        kind.push.body,
        refusal=raised.value,
        now_unix=NOW,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_refused_push_is_explained_in_these_words(kind: Kind) -> None:
    diagnosis = _diagnosed(kind)

    assert (diagnosis.reason, tuple(found.message for found in diagnosis.found)) == (
        kind.reason,
        kind.says,
    )
    assert all(found.hint for found in diagnosis.found)


def test_there_are_many_kinds_and_each_cause_is_among_them() -> None:
    told = {found.cause for kind in KINDS for found in _diagnosed(kind).found}

    # A field can be amiss only in a push that was opened: see test_judgement.
    assert set(RefusalCause) - told == {RefusalCause.FIELD}


def test_every_cause_has_words() -> None:
    assert set(WORDS) == set(RefusalCause)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_secret_is_told(kind: Kind) -> None:
    said = str(_diagnosed(kind))

    assert CANARY not in said
    assert OTHER_KEY not in said


def test_a_right_verification_is_opened_to_nothing() -> None:
    query = build_verification(OURS, timestamp=NOW, nonce="1", echostr="437512").encode()

    assert is_verification(query, b"")
    assert open_push(OURS, query, b"", now_unix=NOW) is None


def test_the_configured_app_id_opens_what_is_right() -> None:
    opened = open_push(OURS, PUSH.query, PUSH.body, now_unix=NOW)

    assert opened is not None
    assert OURS.app_id == APP_ID
