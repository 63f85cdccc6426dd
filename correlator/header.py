"""Header and end: what a journal says of the run as a whole, before its first record and after its last."""

from __future__ import annotations

import msgspec

from correlator.expectations import Resolved

_DEFAULT_REQUEST_TIMEOUT_NS = 10_000_000_000


class VenueReads(msgspec.Struct, frozen=True):
    """What the monitor reads of one venue: whose accounts, over which links, with which API key each (key → account).

    ``strategies``: those that a gateway speaks for.
    """

    accounts: list[str] = []
    links: list[str] = []
    keys: dict[str, str] = {}
    strategies: list[str] = []

    def account_of(self, key: str) -> str:
        """The account that a key opens; where there is only one account, that one."""
        if len(self.accounts) == 1:
            return self.accounts[0]
        return self.keys.get(key, "")


class Given(msgspec.Struct, frozen=True):
    """How the monitor under test was set up otherwise than the firm means it: no verdict hangs on this."""

    limits_text: str = ""
    leaves_out: list[str] = []
    timing_ms: dict[str, int] = {}


class MonitorFacts(msgspec.Struct, frozen=True):
    """What the lab gave the monitor to read, and how long it is meant to wait for a reply. ``given`` None: it was set
    up as the firm means it."""

    reads: dict[str, VenueReads] = {}
    request_timeout_ns: int = _DEFAULT_REQUEST_TIMEOUT_NS
    given: Given | None = None


class Header(msgspec.Struct, frozen=True):
    """The journal's first frame. ``start_ns`` and ``end_ns`` are the planned times, Unix epoch."""

    format: str
    arm: str
    scenario: str
    case: str
    seed: int
    start_ns: int
    end_ns: int
    resolved: Resolved
    limits: str
    controls: str = ""
    stablecoins: list[str] = []
    monitor: MonitorFacts = MonitorFacts()
    versions: dict[str, str] = {}
    code: str = ""


class End(msgspec.Struct, frozen=True):
    """The journal's last frame. ``reason`` is ``completed``, ``stopped``, ``interrupted`` or ``failed``."""

    reason: str
    at_ns: int
    detail: str = ""
    records: int = 0
