"""What a custodian has agreed with its clients: hours, terms, how fast it works, and what it keeps.

All durations are nanoseconds; a range is (least, most) and drawn from uniformly.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from simulators.custodian.calendar import MINUTE_NS, SettlementCalendar, parse_terms

SECOND_NS = 1_000_000_000
HOUR_NS = 60 * MINUTE_NS


class ProcessingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a settlement instruction passes through the custodian in the normal case.

    It is settled at a random moment of the *processing window*, which ends ``margin_ns`` before the contracted time
    and is ``window_ns`` long: a delay shorter than the margin makes nothing overdue.
    """

    authorization_ns: tuple[int, int] = (10 * SECOND_NS, 90 * SECOND_NS)
    confirmation_ns: tuple[int, int] = (2 * MINUTE_NS, 8 * MINUTE_NS)
    window_ns: int = 90 * MINUTE_NS
    margin_ns: int = 30 * MINUTE_NS
    retry_ns: int = 15 * MINUTE_NS  # how long it waits for funds before it tries to settle the rest


class TransferConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long deposits and withdrawals take: screening, approval by the firm's policy, confirmation by the network."""

    screening_ns: tuple[int, int] = (1 * SECOND_NS, 5 * SECOND_NS)
    approval_ns: tuple[int, int] = (1 * MINUTE_NS, 10 * MINUTE_NS)
    confirmation_ns: tuple[int, int] = (10 * MINUTE_NS, 40 * MINUTE_NS)
    policy_limits: dict[str, str] = {}  # asset → most that one transfer may move; the policy rejects what is above


class CustodianConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One custodian. Errors in it are ValueErrors that name the field."""

    name: str
    assets: tuple[str, ...]
    cut_offs: tuple[str, ...] = ("00:00", "08:00", "16:00")
    terms: str = "T+1"  # for exchanges that agreed on nothing else
    settlement_time: str = "18:00"
    notice_ns: int = 4 * HOUR_NS
    business_days: Literal["all", "weekdays"] = "all"
    holidays: tuple[str, ...] = ()
    dust_minimum: str = "10"  # USD; a smaller profit or loss is carried to the next cut-off
    processing: ProcessingConfig = ProcessingConfig()
    transfers: TransferConfig = TransferConfig()
    open_limit: int = 10_000  # transactions under way; beyond it requests are refused and sessions carried over
    history_limit: int = 10_000  # closed transactions that can still be asked for; the oldest are forgotten

    def __post_init__(self) -> None:
        if not self.name or not self.assets:
            raise ValueError("a custodian needs a name and at least one asset")
        if "USD" not in self.assets:
            raise ValueError("assets: profit and loss settle in USD, which this custodian does not hold")
        parse_terms(self.terms)
        work = self.processing
        spans = {
            "processing.authorization_ns": work.authorization_ns,
            "processing.confirmation_ns": work.confirmation_ns,
            "transfers.screening_ns": self.transfers.screening_ns,
            "transfers.approval_ns": self.transfers.approval_ns,
            "transfers.confirmation_ns": self.transfers.confirmation_ns,
        }
        for field, (least_ns, most_ns) in spans.items():
            if not 0 <= least_ns <= most_ns:
                raise ValueError(f"{field}: expected 0 <= least <= most, found {least_ns} and {most_ns}")
        if work.window_ns < 0 or work.margin_ns < 0 or work.retry_ns <= 0:
            raise ValueError("processing: window and margin cannot be negative, and a retry needs time")
        slowest_ns = work.authorization_ns[1] + work.confirmation_ns[1]
        if self.notice_ns < slowest_ns + work.window_ns + work.margin_ns:
            raise ValueError(
                "notice_ns: shorter than authorization, confirmation, window and margin together, "
                "so that an instruction could be late with nobody at fault"
            )
        if self.open_limit < 1 or self.history_limit < 1:
            raise ValueError("open_limit and history_limit: expected at least 1")

    def calendar(self) -> SettlementCalendar:
        """The calendar these hours and days make."""
        return SettlementCalendar(
            self.cut_offs,
            self.settlement_time,
            self.notice_ns,
            weekends_off=self.business_days == "weekdays",
            holidays=self.holidays,
        )
