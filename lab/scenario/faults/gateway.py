"""Faults of the firm's own gateway: its order path, heartbeats and policy store."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec


def _fault(name: str, params: str, doc: str, scope: tuple[str, ...], example: str) -> FaultSpec:
    return FaultSpec(
        name=name,
        acts_in="gateway",
        doc=doc,
        params_at=f"simulators.gateway.harm:{params}",
        maker_at=f"lab.harm.gateway:{name}",
        scope=scope,
        intensity=None,
        intensity_doc="",
        example=f"{{fault: {name}, at: 1h, for: 30 min, {example}}}",
    )


GATEWAY_FAULTS: tuple[FaultSpec, ...] = (
    _fault(
        "heartbeat_lost",
        "HeartbeatLostParams",
        "the gateway no longer tells that a strategy is alive; it is, and goes on trading",
        ("strategy",),
        "scope: {strategy: maker}",
    ),
    _fault(
        "gate_bypassed",
        "GateBypassedParams",
        "a strategy's orders go straight to the venues: past the gate, and past the log of what the firm sent",
        ("strategy",),
        "scope: {strategy: maker}",
    ),
    _fault(
        "bad_signature",
        "ForgeryParams",
        "somebody on the host hands the gateway orders that are not signed with the strategy's secret",
        ("strategy",),
        "scope: {strategy: maker}, with: {per_minute: 6}",
    ),
    _fault(
        "replayed_nonce",
        "ForgeryParams",
        "somebody on the host hands the gateway orders once more that the strategy has already given",
        ("strategy",),
        "scope: {strategy: maker}",
    ),
    _fault(
        "expired_timestamp",
        "ForgeryParams",
        "somebody on the host hands the gateway orders that were held back too long",
        ("strategy",),
        "scope: {strategy: maker}",
    ),
    _fault(
        "limits_tampered",
        "LimitsTamperedParams",
        "the limits in the policy store are changed, without an entry in its log unless `approved`",
        (),
        "with: {limit: limits.position_limit.BTC.high, to: 900 BTC}",
    ),
    _fault(
        "ordered_withdrawal",
        "OrderedWithdrawalParams",
        "the firm itself withdraws and its gateway says so: no harm, it only looks like some",
        ("account", "venue"),
        "scope: {account: master, venue: apex}, with: {asset: BTC, amount: 2}",
    ),
)
