"""What a gateway is told. Nothing heavy is imported, so that firm files are checked fast."""

from __future__ import annotations

import msgspec

SECOND_NS = 1_000_000_000


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The firm's own order router, on the machine of its strategies."""

    name: str
    heartbeat_ns: int = 10 * SECOND_NS
    """How often it tells which strategies are alive."""
    gate_timeout_ns: int = SECOND_NS // 2
    """How long an order waits for a decision, where one is required, before it is blocked."""
