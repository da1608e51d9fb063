from __future__ import annotations

import pytest
from google.protobuf.message import Message

from adapter.cancellation.model import Fact, Outcome
from adapter.carrier.contract.field_path import resolve
from adapter.carrier.mapping.status import (
    MESSAGE_LIMIT,
    MessageField,
    StatusTable,
    field,
    meaning_of,
    message_field,
    names_by_number,
    table,
    unlisted,
)
from adapter.diagnostics.table import Table, read
from tests.carrier.dispatch_contract import compiled, dispatch

VOID = dispatch().method("dispatch.Orders/Void")
PATH = resolve(VOID.reply_type, "result.state")
CLOSED = compiled(
    'syntax = "proto2"; package old;'
    "enum S { GONE = 1; HERE = 1000; } message R { optional S state = 1; }"
    "service D { rpc Do(R) returns (R); }"
).method("old.D/Do")
BARE = compiled(
    'syntax = "proto3"; package bare; message R { string s = 1; }'
    "service D { rpc Do(R) returns (R); }"
).method("bare.D/Do")


def _section(text: str) -> Table:
    return read(text.encode())


def _table(rows: str) -> tuple[StatusTable[Outcome], list[str]]:
    section = _section(f"[outcomes]\n{rows}")
    made = table(section, PATH, Outcome)
    assert made is not None
    return made, [finding.key for finding in section.findings.found]


def test_a_table_holds_the_first_listed_name_of_each_number() -> None:
    made, faults = _table(
        'DONE = "cancelled"\nVOIDED = "cancelled"\nCLOSED = "invalid"\nNONE = "failed"'
    )

    assert faults == []
    assert made.meanings == {100: Outcome.CANCELLED, -3: Outcome.INVALID}
    assert [made.word(number) for number in (100, -3, 0, 999, None)] == [
        "DONE",
        "CLOSED",
        "NONE",
        "UNKNOWN_999",
        "UNSET",
    ]


def test_the_first_value_listed_for_an_outcome_is_the_one_that_is_said() -> None:
    made, _ = _table('ON_VAN = "invalid"\nCLOSED = "invalid"')

    assert made.number_for(Outcome.INVALID) == 200
    assert made.number_for(Outcome.CANCELLED) is None


def test_zero_may_be_failed_and_still_means_nothing() -> None:
    made, _ = _table('NONE = "failed"')

    assert made.number_for(Outcome.FAILED) is None


@pytest.mark.parametrize("outcome", [word for word in Outcome if word is not Outcome.FAILED])
def test_zero_may_be_nothing_but_failed(outcome: Outcome) -> None:
    assert _table(f'NONE = "{outcome.value}"')[1] == ["outcomes.NONE"]


@pytest.mark.parametrize("fact", Fact)
def test_a_lookups_zero_may_be_nothing_at_all(fact: Fact) -> None:
    section = _section(f'[outcomes]\nNONE = "{fact.value}"')

    table(section, PATH, Fact)

    assert [finding.hint for finding in section.findings.found] == ["Remove this line."]


def test_names_of_one_number_may_not_disagree() -> None:
    assert _table('DONE = "cancelled"\nVOIDED = "invalid"')[1] == ["outcomes.VOIDED"]


def test_unknown_names_and_words_are_both_found_in_one_row() -> None:
    assert _table('NOWHERE = "gone"')[1] == ["outcomes.NOWHERE", "outcomes.NOWHERE"]


def test_a_table_that_is_missing_is_an_error() -> None:
    section = _section("")

    assert table(section, PATH, Outcome) is None
    assert [finding.key for finding in section.findings.found] == ["outcomes"]


def test_numbers_without_any_of_their_names_are_unlisted() -> None:
    section = _section('[outcomes]\nVOIDED = "cancelled"\nNONE = "failed"')
    enum = PATH.leaf.enum_type
    assert enum is not None

    missing = unlisted(section, enum)

    assert missing == {
        200: ("ON_VAN",),
        -3: ("CLOSED",),
        2147483647: ("VOIDED_BEFORE",),
        7: ("BROKEN",),
        8: ("STILL_WORKING",),
    }
    assert unlisted(_section(""), enum) == names_by_number(enum)


def test_a_status_is_written_and_read_over_the_wire() -> None:
    made, _ = _table('DONE = "cancelled"')
    reply = VOID.reply_class()

    made.write(reply, -3)

    assert made.number(VOID.reply_class.FromString(reply.SerializeToString())) == -3


def test_a_new_number_is_one_the_enum_does_not_have() -> None:
    made, _ = _table('DONE = "cancelled"')
    reply = VOID.reply_class()

    made.write(reply, None)

    assert made.word(made.number(reply)) == "UNKNOWN_1000"


def test_a_new_number_of_a_closed_enum_travels_and_reads_as_unset() -> None:
    section = _section('[outcomes]\nGONE = "cancelled"')
    made = table(section, resolve(CLOSED.reply_type, "state"), Outcome)
    assert made is not None
    reply = CLOSED.reply_class()

    made.write(reply, None)

    assert reply.SerializeToString() == b"\x08\xd0\x0f"  # field 1, number 2000: 1000 is taken
    assert made.word(made.number(reply)) == "UNSET"


def test_a_proto2_reply_without_a_status_means_nothing() -> None:
    section = _section('[outcomes]\nGONE = "cancelled"')
    made = table(section, resolve(CLOSED.reply_type, "state"), Outcome)

    assert made is not None
    assert made.number(CLOSED.reply_class()) is None


def test_the_rows_for_people_stand_by_number_with_their_aliases() -> None:
    made, _ = _table('DONE = "cancelled"')

    rows = {row.number: row for row in made.rows()}

    assert list(rows) == [-3, 0, 7, 8, 100, 200, 2147483647]
    assert (rows[100].word, rows[100].aliases, rows[100].means) == (
        "DONE",
        ("VOIDED",),
        Outcome.CANCELLED,
    )
    assert rows[0].means is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is missing"),
        ('field = "nowhere"', 'dispatch.Verdict has no field "nowhere"'),
        ('field = "history"', '"history" is a repeated field'),
        ('field = "result"', '"result" is dispatch.Verdict.Result, not an enum'),
    ],
)
def test_a_status_that_is_no_single_enum_is_refused(text: str, message: str) -> None:
    section = _section(text)

    assert field(section, VOID.reply_type) is None
    (finding,) = section.findings.found
    assert finding.message.startswith(message)


def test_a_reply_without_any_enum_is_said_to_have_none() -> None:
    section = _section('field = "s"')

    assert field(section, BARE.reply_type) is None
    assert section.findings.found[0].hint == "No field of this reply is an enum."


def test_a_status_inside_a_oneof_is_found() -> None:
    found = field(_section('field = "result.state"'), VOID.reply_type)

    assert str(found) == "result.state"


def test_a_word_of_ours_is_read_and_another_is_not() -> None:
    section = _section("")

    assert meaning_of(section, "X", "active", Fact) is Fact.ACTIVE
    assert meaning_of(section, "X", "activ", Fact) is None
    assert section.findings.found[0].hint == 'Did you mean "active"?'


FIELDS = pytest.mark.parametrize("path", ["redirect", "result.detail", "result.detail.value"])


def _field(path: str) -> MessageField:
    found = message_field(read(f'message = "{path}"'.encode()), VOID.reply_type)
    assert found is not None
    return found


def _reply() -> Message:
    return VOID.reply_class()


@FIELDS
def test_words_are_read_as_they_were_written(path: str) -> None:
    reply = _reply()

    _field(path).write(reply, "the parcel is on the van")

    assert _field(path).read(reply) == "the parcel is on the van"


@FIELDS
def test_no_words_are_an_empty_text(path: str) -> None:
    assert _field(path).read(_reply()) == ""


def test_words_are_cut_to_their_limit() -> None:
    reply = _reply()

    _field("redirect").write(reply, "x" * (MESSAGE_LIMIT + 1))

    assert len(_field("redirect").read(reply)) == MESSAGE_LIMIT


def test_no_message_is_no_fault() -> None:
    section = read(b"")

    assert message_field(section, VOID.reply_type) is None
    assert section.findings.found == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", 'dispatch.Verdict has no field "nowhere"'),
        ("code", '"code" is int32, not a string'),
        ("result", '"result" is dispatch.Verdict.Result, not a string'),
    ],
)
def test_what_is_no_text_is_refused(path: str, message: str) -> None:
    section = read(f'message = "{path}"'.encode())

    assert message_field(section, VOID.reply_type) is None
    assert [finding.message for finding in section.findings.found] == [f"{message}."]
