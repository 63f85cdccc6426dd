"""What the faults of a gateway may be told. Nothing heavy is imported, so that scenarios are checked fast."""

from __future__ import annotations

from typing import Annotated

import msgspec

PerMinute = Annotated[int, msgspec.Meta(ge=1, le=6_000)]


class HeartbeatLostParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gateway no longer tells that ``strategy`` is alive; it is, and goes on trading."""

    strategy: str


class GateBypassedParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The orders of ``strategy`` go straight to the venues: past the gate, and past the log of what the firm sent."""

    strategy: str


class ForgeryParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody on the host hands the gateway intents in the name of ``strategy``, ``per_minute`` of them."""

    strategy: str
    per_minute: PerMinute = 6


class LimitsTamperedParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy store's limits are changed: what stands at ``limit`` (its keys, with dots) becomes ``to``.

    ``approved``: the change has an entry in the log, with a reason and an approver, as it should be. ``silent``: the
    store does not notice that its file has changed; whoever asks gets the new one.
    """

    limit: str
    to: str
    approved: bool = False
    silent: bool = False


class OrderedWithdrawalParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The firm itself withdraws ``amount`` of ``asset`` from ``account`` at ``venue``, and its gateway says so."""

    account: str
    venue: str
    asset: str
    amount: Annotated[float, msgspec.Meta(gt=0.0, le=1e9)]
