"""What a journal's header says of the monitor is the laboratory's word, and never the monitor's own."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lab.journal.header import REQUEST_TIMEOUT_NS, header_of
from lab.laboratory.monitor_config import config_of
from lab.scenario.resolve import load_scenario
from risk_monitor.config import Network

EVENT_GAP = Path(__file__).parents[3] / "scenarios" / "exchange" / "event_gap.yaml"


def test_a_monitor_that_waits_longer_for_a_reply_does_not_make_the_truth_wait() -> None:
    (experiment,) = load_scenario(EVENT_GAP, case="noticed").experiments
    experiment = msgspec.structs.replace(experiment, start_ns=0)
    meant = config_of(experiment)
    patient = msgspec.structs.replace(meant, network=Network(request_timeout_ms=600_000))
    assert header_of(experiment, "run", patient) == header_of(experiment, "run", meant)
    assert meant.network.request_timeout_ms * 1_000_000 == REQUEST_TIMEOUT_NS
