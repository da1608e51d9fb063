"""One transaction for many callers, over a real SQLite session; PostgreSQL's is the same code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.cancellation.model import Call, Entry, Outcome, State, Waybill
from adapter.cancellation.ports import Rule, WaybillView, Write
from adapter.ledger.batch import KEYS_AT_ONCE, Batch, Cursor, Item, doubtful, run_batch
from adapter.ledger.errors import StoreFault
from adapter.ledger.resolution import Resolution
from adapter.ledger.rows import Row
from adapter.ledger.sqlite.session import SqliteSession
from tests.conformance.decisions import (
    WAYBILL,
    Wrong,
    amend,
    begin,
    calling,
    deliver,
    doubt,
    fail,
    finish,
    key_of,
    read,
    waybill_of,
)

K = key_of(1)


class Watched(SqliteSession):
    """A session that keeps what was asked of it, in order."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, beside=False)
        self.asked: list[str] = []

    def begin(self, cursor: Cursor, waybills: object, /) -> None:
        self.asked.append("begin")
        super().begin(cursor, ())

    def calls(self, cursor: Cursor, keys: Sequence[str]) -> list[Row]:
        self.asked.append("calls")
        return super().calls(cursor, keys)

    def living(self, cursor: Cursor) -> frozenset[str]:
        self.asked.append("living")
        return super().living(cursor)

    def commit(self) -> None:
        self.asked.append("commit")
        super().commit()

    def rollback(self) -> None:
        self.asked.append("rollback")
        super().rollback()

    @property
    def connection(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def run(self, *items: Item) -> Batch:
        return run_batch(self, self.connection.cursor(), items)

    def does(self, rule: Rule[object], waybill: Waybill = WAYBILL) -> Item:
        """Run one decision alone and return it as it ended."""
        item = Item(waybill, rule)
        self.run(item)
        return item

    def view(self, waybill: Waybill = WAYBILL) -> WaybillView:
        view = self.does(read, waybill).result
        assert isinstance(view, WaybillView)
        return view

    def rows_of(self, table: str) -> list[tuple[object, ...]]:
        return self.connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Watched]:
    session = Watched(tmp_path / "ledger.db")
    session.open()
    yield session
    session.close()


def owned_by(owner: str, state: State = State.CALLING) -> Callable[[Entry], Entry]:
    return lambda entry: replace(entry, owner=owner, state=state)


def test_decisions_of_one_waybill_see_what_earlier_ones_of_the_batch_wrote(
    session: Watched,
) -> None:
    items = [Item(WAYBILL, begin(WAYBILL, K)), Item(WAYBILL, begin(WAYBILL, K))]
    items += [Item(WAYBILL, deliver(K)) for _ in range(3)]

    session.run(*items)

    assert [item.result for item in items[:2]] == ["won", "calling"]
    (entry,) = session.view().entries
    assert entry.deliveries == 4
    assert len(session.rows_of("push")) == 1


def test_a_batch_is_one_transaction(session: Watched) -> None:
    session.run(*(Item(waybill_of(n), begin(waybill_of(n), key_of(n))) for n in range(5)))

    assert session.asked == ["begin", "commit"]
    assert not session.connection.in_transaction
    assert len(session.rows_of("push")) == len(session.rows_of("call")) == 5


def test_a_batch_that_only_read_commits_nothing(session: Watched) -> None:
    batch = session.run(Item(WAYBILL, read))

    assert not batch.wrote
    assert session.asked == ["begin", "rollback"]
    assert not session.connection.in_transaction


def test_a_story_is_one_merchants_however_others_number_their_waybills(session: Watched) -> None:
    namesake = Waybill(biz_id="another", waybill_id=WAYBILL.waybill_id)
    session.does(begin(WAYBILL, K))
    session.does(begin(namesake, key_of(2)), namesake)

    assert [entry.key for entry in session.view().entries] == [K]
    assert [entry.key for entry in session.view(namesake).entries] == [key_of(2)]


def test_a_story_is_told_oldest_first(session: Watched) -> None:
    for number, received_at in ((1, 30.0), (2, 10.0), (3, 20.0)):
        session.does(begin(WAYBILL, key_of(number)))
        session.connection.execute(
            "UPDATE push SET received_at = ? WHERE key = ?", (received_at, key_of(number))
        )

    assert [entry.received_at for entry in session.view().entries] == [10.0, 20.0, 30.0]


def test_an_abandoned_item_is_passed_over(session: Watched) -> None:
    gone = Item(WAYBILL, begin(WAYBILL, K))
    gone.abandoned = True

    session.run(gone, Item(WAYBILL, read))

    assert (gone.ran, gone.wrote) == (False, False)
    assert session.view().entries == ()


def test_a_decision_that_fails_fails_its_own_caller_and_keeps_nobody_elses_back(
    session: Watched,
) -> None:
    faulty, sound = Item(WAYBILL, fail), Item(WAYBILL, begin(WAYBILL, K))

    session.run(faulty, sound)

    assert isinstance(faulty.error, Wrong)
    assert (faulty.ran, faulty.wrote) == (True, False)
    assert (sound.result, sound.error) == ("won", None)
    assert [entry.key for entry in session.view().entries] == [K]


@pytest.mark.parametrize(
    "other",
    [
        Waybill(biz_id=WAYBILL.biz_id, waybill_id="another"),
        Waybill(biz_id="another", waybill_id=WAYBILL.waybill_id),
    ],
    ids=["waybill", "merchant"],
)
def test_a_decision_about_another_waybill_is_refused_whole(
    session: Watched, other: Waybill
) -> None:
    def stray(view: WaybillView) -> Write[None]:
        own, others = calling(WAYBILL, K, view), calling(other, key_of(2), view)
        return Write(result=None, entries=(own, others))

    item = session.does(stray)

    assert isinstance(item.error, ValueError)
    assert session.rows_of("push") == []


def test_a_call_that_ends_completes_its_row(session: Watched) -> None:
    session.does(begin(WAYBILL, K))
    before = session.rows_of("call")
    session.does(finish(K))

    ((_, epoch, _, ended_at, *_),) = before
    assert (epoch, ended_at) == (1, None)
    ((_, epoch, _, ended_at, status, outcome, *_),) = session.rows_of("call")
    assert (epoch, status, outcome) == (1, "CANCELLED", "cancelled")
    assert ended_at is not None


def test_a_call_alone_is_worth_a_commit(session: Watched) -> None:
    def late(view: WaybillView) -> Write[None]:
        call = Call(key=K, epoch=1, sent_at=1.0, ended_at=2.0, status="PICKED_UP")
        return Write(result=None, calls=(call,))

    item = session.does(late)

    assert (item.wrote, len(session.rows_of("call"))) == (True, 1)


def test_an_operators_word_is_kept_with_what_it_decided_and_not_beside_a_refusal(
    session: Watched,
) -> None:
    word = Resolution(key=K, who="li", reason="rang", outcome=Outcome.CANCELLED, at=5.5)
    session.does(begin(WAYBILL, K))

    session.run(Item(WAYBILL, finish(K), resolution=word), Item(WAYBILL, fail, resolution=word))

    assert [row[1:] for row in session.rows_of("resolution")] == [
        (K, "li", "rang", "cancelled", 5.5, 0)  # counted by nobody yet
    ]


def test_who_lives_is_asked_only_when_a_strangers_call_is_looked_at(session: Watched) -> None:
    session.does(begin(WAYBILL, K))
    session.asked.clear()
    own = session.view()
    session.does(finish(K))
    session.does(amend(K, owned_by("stranger", State.DONE)))
    done = session.view()
    asked_so_far = list(session.asked)
    session.does(amend(K, owned_by("stranger")))
    session.asked.clear()
    strange = session.view()

    assert own.living == done.living == strange.living == {session.me}
    assert "living" not in asked_so_far
    assert session.asked == ["begin", "living", "rollback"]


def test_the_time_is_read_once_the_waybills_are_ours(session: Watched) -> None:
    """`begin` may wait for another replica, whose call ends meanwhile."""

    def clock() -> float:
        session.asked.append("clock")
        return 77.0

    item = Item(WAYBILL, read)
    Batch(session, session.connection.cursor(), [item]).run(clock=clock)
    session.rollback()

    assert session.asked[:2] == ["begin", "clock"]
    assert isinstance(item.result, WaybillView)
    assert item.result.now == 77.0


def test_an_item_runs_anew_after_a_transaction_that_did_not_last(session: Watched) -> None:
    item = Item(WAYBILL, begin(WAYBILL, K))
    session.file.path.rename(session.file.path.with_name("elsewhere"))
    with pytest.raises(StoreFault, match="moved"):
        session.run(item)
    session.file.path.with_name("elsewhere").rename(session.file.path)
    session.rollback()

    item.reset()
    forgotten = (item.ran, item.wrote, item.result, item.error)
    session.run(item)

    assert forgotten == (False, False, None, None)
    assert item.result == "won"


def test_in_doubt_are_those_left_so_and_those_calling_under_the_dead_oldest_first(
    session: Watched,
) -> None:
    for number in range(1, 6):
        session.does(begin(waybill_of(number), key_of(number)), waybill_of(number))
        session.connection.execute(
            "UPDATE push SET received_at = ? WHERE key = ?", (10.0 - number, key_of(number))
        )
    session.does(doubt(key_of(1)), waybill_of(1))
    session.does(amend(key_of(2), owned_by("dead")), waybill_of(2))
    session.does(doubt(key_of(3)), waybill_of(3))
    session.does(finish(key_of(4)), waybill_of(4))  # and the fifth is our own call

    found = doubtful(session, session.connection.cursor(), limit=10)
    first = doubtful(session, session.connection.cursor(), limit=2)

    assert [entry.key for entry in found] == [key_of(3), key_of(2), key_of(1)]
    assert first == found[:2]
    assert not session.connection.in_transaction


def test_without_a_strangers_call_doubt_is_read_without_asking_who_lives(session: Watched) -> None:
    session.does(begin(WAYBILL, K))
    session.asked.clear()

    assert doubtful(session, session.connection.cursor(), limit=10) == ()
    assert session.asked == ["rollback"]


def test_a_first_press_that_is_answered_reads_no_calls_and_doubt_does(session: Watched) -> None:
    session.does(begin(WAYBILL, K))
    session.does(finish(K))
    plain = list(session.asked)
    other = key_of(2)
    session.does(begin(WAYBILL, other))
    session.does(doubt(other))
    session.asked.clear()

    session.view()

    assert "calls" not in plain
    assert "calls" in session.asked


def test_the_calls_of_more_pushes_than_one_statement_takes_are_all_read(session: Watched) -> None:
    keys = [key_of(number) for number in range(KEYS_AT_ONCE + 1)]
    for key in keys:
        session.does(begin(WAYBILL, key))
        session.does(doubt(key))
    session.asked.clear()

    view = session.view()

    assert {call.key for call in view.calls} == set(keys)
    assert session.asked.count("calls") == 2
