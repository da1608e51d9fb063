from __future__ import annotations

import platform
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapter.cancellation.model import Basis, Entry, Outcome, State, Unsent
from adapter.edge.refusals import REFUSALS
from adapter.ops.carrier_metrics import CarrierMetrics
from adapter.ops.certificates import CertificateMetrics
from adapter.ops.metrics import ALERTS, COUNTERS, GAUGES, RESULTS, STATUSES_AT_MOST, Metrics
from adapter.wechat import events
from adapter.wechat.codec import Format
from adapter.wechat.envelope import Mode
from tests.ops.carrier_states import STATE

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
ENTRY = Entry(
    key="k",
    account="gh",
    open_id="o",
    pushed_at=1,
    biz_id="b",
    order_id="o",
    waybill_id="w",
    shop_app_id="s",
    state=State.DONE,
    received_at=1.0,
    outcome=Outcome.CANCELLED,
    basis=Basis.INFERRED,
)


def value(metrics: Metrics, metric: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"waybridge_{metric}", labels)


def expecting(*programs: str) -> Metrics:
    """Metrics that know what to expect, as the wiring tells them."""
    metrics = Metrics()
    metrics.expect(
        programs=dict.fromkeys(programs, Mode.SECURE),
        refusals=REFUSALS,
        statuses=("CANCEL_STATUS_CANCELLED", "UNAVAILABLE"),
    )
    return metrics


def pushed(metrics: Metrics, event: str, *, times: int = 1) -> None:
    for _ in range(times):
        metrics.pushed(
            program="wechat",
            event=event,
            mode=Mode.SECURE,
            layout=Format.XML,
            result="0",
            seconds=0.2,
        )


def test_pushes_are_counted_by_event_mode_format_and_result() -> None:
    metrics = Metrics()

    pushed(metrics, "cancel_waybill", times=3)

    labels = {
        "program": "wechat",
        "event": "cancel_waybill",
        "mode": "secure",
        "format": "xml",
        "result": "0",
    }
    assert value(metrics, "pushes_total", **labels) == 3
    assert value(metrics, "reply_seconds_count") == 3
    assert value(metrics, "reply_seconds_bucket", le="0.1") == 0
    assert value(metrics, "reply_seconds_bucket", le="0.25") == 3


def test_an_event_in_another_letter_case_is_the_same_event() -> None:
    metrics = Metrics()

    pushed(metrics, "Cancel_WAYBILL")
    pushed(metrics, "cancel_waybill")

    assert metrics.page().count(b'waybridge_pushes_total{event="cancel_waybill"') == 1


def test_invented_events_make_one_time_series_and_stay_nowhere() -> None:
    metrics = Metrics()

    for number in range(1000):
        pushed(metrics, f"made_up_{number}")

    labels = {
        "program": "wechat",
        "event": "other",
        "mode": "secure",
        "format": "xml",
        "result": "0",
    }
    assert value(metrics, "pushes_total", **labels) == 1000
    assert b"made_up" not in metrics.page()
    assert metrics._push_children == {}


def test_calls_that_ended_alike_add_up() -> None:
    metrics = Metrics()

    for seconds in (0.1, 0.2):
        metrics.called("UNAVAILABLE", seconds=seconds)

    assert value(metrics, "carrier_calls_total", code="UNAVAILABLE") == 2
    assert value(metrics, "carrier_call_seconds_sum") == pytest.approx(0.3)


def test_invented_statuses_of_a_carrier_are_bounded() -> None:
    metrics = Metrics()

    for number in range(1000):
        metrics.called(f"STATUS_{number}", seconds=0.01)

    page = metrics.page().decode()
    assert page.count("waybridge_carrier_calls_total{") == STATUSES_AT_MOST + 1
    assert value(metrics, "carrier_calls_total", code="other") == 1000 - STATUSES_AT_MOST
    assert value(metrics, "carrier_call_seconds_count") == 1000


@pytest.mark.parametrize("reason", list(Unsent))
def test_each_reason_of_not_asking_reads_zero_before_it_happens(reason: Unsent) -> None:
    metrics = Metrics()
    before = value(metrics, "unsent_total", reason=reason.value)

    metrics.unsent(reason)

    assert (before, value(metrics, "unsent_total", reason=reason.value)) == (0, 1)


@pytest.mark.parametrize("event", sorted(events.WANT_RESULT_CODE))
def test_events_without_a_handler_are_counted_by_name_from_the_start(event: str) -> None:
    metrics = Metrics()
    before = value(metrics, "events_without_handler_total", event=event)

    metrics.unhandled(event.upper())

    assert (before, value(metrics, "events_without_handler_total", event=event)) == (0, 1)


def test_uses_of_the_previous_secrets_are_counted_apart() -> None:
    metrics = Metrics()

    metrics.rotated(program="wechat", token=True, key=False)
    metrics.rotated(program="wechat", token=True, key=True)

    assert value(metrics, "previous_secret_uses_total", program="wechat", secret="token") == 2
    assert value(metrics, "previous_secret_uses_total", program="wechat", secret="aes_key") == 1


def test_a_reply_by_the_current_secrets_counts_no_use_of_the_previous() -> None:
    metrics = expecting("wechat")

    metrics.rotated(program="wechat", token=False, key=False)

    assert value(metrics, "previous_secret_uses_total", program="wechat", secret="token") == 0
    assert value(metrics, "previous_secret_uses_total", program="wechat", secret="aes_key") == 0


def test_decisions_doubts_and_alerts_are_counted() -> None:
    metrics = Metrics()

    metrics.settled(ENTRY)
    metrics.settled(ENTRY)
    metrics.doubt(ENTRY)
    metrics.alert("told_failure_is_cancelled", key="k", detail="a secret detail")
    metrics.alert("contradiction", key="k", detail="")
    metrics.refused("stale", program="wechat")
    metrics.refused("stale", program="wechat")
    metrics.faulted()

    assert value(metrics, "settled_total", outcome="cancelled", basis="inferred") == 2
    assert value(metrics, "doubts_total") == 1
    assert value(metrics, "told_failure_is_cancelled_total") == 1
    assert value(metrics, "alerts_total", name="contradiction") == 1
    assert value(metrics, "refused_total", program="wechat", reason="stale") == 2
    assert value(metrics, "faults_total") == 1
    assert b"a secret detail" not in metrics.page()


def test_an_alert_is_a_line_that_says_which_push() -> None:
    lines: list[tuple[str, dict[str, object]]] = []

    class Log:
        def debug(self, event: str, **fields: object) -> None: ...

        def info(self, event: str, **fields: object) -> None: ...

        def error(self, event: str, **fields: object) -> None: ...

        def warning(self, event: str, **fields: object) -> None:
            lines.append((event, fields))

    Metrics(log=Log()).alert("contradiction", key="k1", detail="0 then 30002")

    assert lines == [
        ("alert", {"alert_name": "contradiction", "key": "k1", "detail": "0 then 30002"})
    ]


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    metrics, kept = Metrics(), [1.0]
    metrics.gauge("in_flight", lambda: kept[0])

    kept[0] = 7.0

    assert value(metrics, "in_flight") == 7.0


def test_two_of_them_live_side_by_side() -> None:
    first, second = Metrics(), Metrics()

    first.faulted()

    assert value(second, "faults_total") == 0


def test_the_page_is_what_prometheus_reads() -> None:
    families = {family.name for family in text_string_to_metric_families(Metrics().page().decode())}

    assert {"waybridge_pushes", "waybridge_reply_seconds", "process_open_fds"} <= families


def test_every_metric_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    metrics = Metrics()
    for name in GAUGES:
        metrics.gauge(name, lambda: 0.0)
    for name in COUNTERS:
        metrics.counter(name, lambda: 0.0)
    metrics.build(version="0")
    metrics.show(CertificateMetrics({}))
    metrics.show(CarrierMetrics(state=lambda: STATE, addresses=lambda: ()))
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in metrics.registry.collect()
        if family.name.startswith("waybridge_")
    }

    assert {name for name in names if f"`{name}`" not in text} == set()


def test_our_own_event_is_known() -> None:
    assert "cancel_waybill" in events.KNOWN
    assert all(event == event.lower() for event in events.KNOWN)


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_reads_zero_before_it_happens(name: str) -> None:
    metrics = Metrics()
    before = value(metrics, "alerts_total", name=name)

    metrics.alerted(name)

    assert (before, value(metrics, "alerts_total", name=name)) == (0, 1)


@pytest.mark.parametrize("result", RESULTS)
def test_each_answer_of_each_program_reads_zero_before_the_first_push(result: str) -> None:
    metrics = expecting("wechat", "south")

    for program in ("wechat", "south"):
        labels = {"program": program, "event": "cancel_waybill", "mode": "secure"}
        for layout in ("xml", "json"):
            assert value(metrics, "pushes_total", **labels, format=layout, result=result) == 0


@pytest.mark.parametrize("reason", REFUSALS)
def test_each_reason_to_refuse_reads_zero_before_it_happens(reason: str) -> None:
    metrics = expecting("wechat", "south")

    for program in ("", "wechat", "south"):
        assert value(metrics, "refused_total", program=program, reason=reason) == 0


def test_a_carriers_statuses_and_every_decision_read_zero_before_they_happen() -> None:
    metrics = expecting("wechat")

    for code in ("CANCEL_STATUS_CANCELLED", "UNAVAILABLE"):
        assert value(metrics, "carrier_calls_total", code=code) == 0
    for outcome, basis in ((o.value, b.value) for o in Outcome for b in Basis):
        assert value(metrics, "settled_total", outcome=outcome, basis=basis) == 0


def test_each_program_counts_its_own_refusals() -> None:
    metrics = expecting("wechat", "south")

    metrics.refused("signature_wrong", program="south")

    assert value(metrics, "refused_total", program="south", reason="signature_wrong") == 1
    assert value(metrics, "refused_total", program="wechat", reason="signature_wrong") == 0


def test_the_age_of_the_last_push_is_kept_by_program() -> None:
    metrics = expecting("wechat", "south")

    metrics.aged(700.0, program="south")
    metrics.aged(-20.0, program="south")

    assert value(metrics, "push_age_seconds", program="south") == -20


def test_transactions_are_counted_by_how_long_they_took() -> None:
    metrics = Metrics()

    metrics.committed(0.02)

    assert value(metrics, "ledger_commit_seconds_bucket", le="0.01") == 0
    assert value(metrics, "ledger_commit_seconds_bucket", le="0.025") == 1


def test_a_count_kept_by_others_is_a_counter() -> None:
    metrics, kept = Metrics(), [3.0]
    metrics.counter("log_lines_dropped", lambda: kept[0])

    assert value(metrics, "log_lines_dropped_total") == 3
    assert b"# TYPE waybridge_log_lines_dropped_total counter" in metrics.page()


def test_no_series_says_when_another_was_created() -> None:
    metrics = expecting("wechat")
    pushed(metrics, "cancel_waybill")

    assert b"_created" not in metrics.page()


def test_the_build_is_named() -> None:
    metrics = Metrics()
    metrics.build(version="1.2.3")

    labels = {"version": "1.2.3", "python": platform.python_version()}
    assert value(metrics, "build_info", **labels) == 1


def test_the_end_of_a_trouble_is_counted_and_is_no_warning() -> None:
    levels: list[str] = []

    class Log:
        def debug(self, event: str, **_: object) -> None:
            levels.append(f"debug {event}")

        def info(self, event: str, **_: object) -> None:
            levels.append(f"info {event}")

        def warning(self, event: str, **_: object) -> None:
            levels.append(f"warning {event}")

        def error(self, event: str, **_: object) -> None:
            levels.append(f"error {event}")

    metrics = Metrics(log=Log())

    metrics.alert("commit_lost", key="k", detail="told")
    metrics.alert("commit_kept", key="k", detail="told")

    assert levels == ["warning alert", "info alert"]
    assert value(metrics, "alerts_total", name="commit_lost") == 1
    assert value(metrics, "alerts_total", name="commit_kept") == 1
