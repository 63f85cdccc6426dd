"""What the faults of a custodian may be told. Nothing heavy is imported, so that scenarios can be checked fast."""

from __future__ import annotations

from typing import Literal

import msgspec

from simulators.custodian.calendar import MINUTE_NS


class SettlementHaltParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``counterparty``: the exchange whose instructions stand still, None for all of them.

    ``backlog_interval_ns``: after the end, one instruction of the backlog goes on each such interval.
    """

    counterparty: str | None = None
    backlog_interval_ns: int = 5 * MINUTE_NS


class SettlementDelayParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``delay_ns``: by how much later than planned each step of processing happens."""

    delay_ns: int
    counterparty: str | None = None


class CustodianOutageParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``mode``: requests are answered with 503, or not at all. Settlement goes on behind the closed door."""

    mode: Literal["unavailable", "silent"] = "unavailable"
