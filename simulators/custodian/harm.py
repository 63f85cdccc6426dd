"""What the faults of a custodian may be told. Nothing heavy is imported, so that scenarios can be checked fast."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from simulators.custodian.calendar import MINUTE_NS
from simulators.gradual import Gradual


class SettlementHaltParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``counterparty``: the exchange whose instructions stand still, None for all of them.

    ``backlog_interval_ns``: after the end, one instruction of the backlog goes on each such interval.
    """

    counterparty: str | None = None
    backlog_interval_ns: int = 5 * MINUTE_NS


class SettlementDelayParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``delay_ns``: by how much later than planned each step of processing happens.

    ``direction``: of what the firm is to receive (inward), to pay (outward), or both.
    """

    delay_ns: int
    counterparty: str | None = None
    direction: Literal["both", "inward", "outward"] = "both"


class ApprovalDelayParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``delay_ns``: how much longer an approval takes. With a ``counterparty`` transfers are left alone."""

    delay_ns: int
    counterparty: str | None = None


class TransferRejectParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``intensity``: the share of transactions turned down, 0 to 1. With a ``counterparty`` transfers are left alone.

    ``sub_status``: the reason as the dialect words it.
    """

    intensity: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    counterparty: str | None = None
    kinds: Literal["all", "settlements", "transfers"] = "all"
    sub_status: Literal["REJECTED_BY_USER", "BLOCKED_BY_POLICY", "REJECTED_AML_SCREENING"] = "BLOCKED_BY_POLICY"


class PartialSettlementParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``intensity``: the share of each instruction that is kept back, 0 to 1."""

    intensity: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    counterparty: str | None = None


class BankHolidayParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``announced``: the calendar knows of it, and contracted times avoid it."""

    announced: bool = False
    starts_ns: int = 0
    ends_ns: int = 0


class BalanceMisreportedParams(Gradual, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``intensity``: the share of what is free in the vault that is shown too much or too little, 0 to 1."""

    intensity: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    asset: str | None = None
    shown: Literal["too_high", "too_low"] = "too_high"


class FalseCompletionParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``counterparty``: the exchange whose instructions are shown as settled, None for all of them."""

    counterparty: str | None = None


class CustodianOutageParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``mode``: requests are answered with 503, or not at all. Settlement goes on behind the closed door."""

    mode: Literal["unavailable", "silent"] = "unavailable"


class VaultTheftParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``amount`` of ``asset`` leaves the vault for an address of the thief's, once."""

    asset: str
    amount: Annotated[float, msgspec.Meta(gt=0.0, le=1e9)]
