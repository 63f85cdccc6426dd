"""Faults of the wire: what any link may do to what it carries."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec
from lab.scenario.scalars import Duration, Real, Share

_LINKS = ("client", "venue", "venues")
_ALL = (*_LINKS, "direction", "carries")
_SHARE = Share(0.0, 1.0)


def _by_share(name: str, doc: str, struct: str, intensity_doc: str, example: str) -> FaultSpec:
    return FaultSpec(
        name=name,
        acts_in="wire",
        doc=doc,
        params_at=f"lab.wire.params:{struct}",
        maker_at=f"lab.harm.wire:{name}",
        scope=_ALL,
        intensity=_SHARE,
        intensity_doc=intensity_doc,
        example=example,
        intensity_attribute="share",
    )


def _without_degrees(name: str, doc: str, struct: str, scope: tuple[str, ...], example: str) -> FaultSpec:
    return FaultSpec(
        name=name,
        acts_in="wire",
        doc=doc,
        params_at=f"lab.wire.params:{struct}",
        maker_at=f"lab.harm.wire:{name}",
        scope=scope,
        intensity=None,
        intensity_doc="",
        example=example,
    )


WIRE_FAULTS = (
    FaultSpec(
        name="wire_delay",
        acts_in="wire",
        doc="everything takes longer, give or take `jitter`; what a stream carries keeps its order",
        params_at="lab.wire.params:DelayParams",
        maker_at="lab.harm.wire:wire_delay",
        scope=_ALL,
        intensity=Duration(),
        intensity_doc="what is added to the travel time at full strength",
        example="{fault: wire_delay, at: 1h, for: 10 min, scope: {client: monitor, venue: apex}, intensity: 2s}",
        intensity_attribute="added_ns",
    ),
    _by_share(
        "wire_loss",
        "messages are lost. A lost request or reply never comes; a stream runs on TCP, so what is lost on it is sent "
        "again after `retransmit`, doubling, what follows waits, and after `patience` the connection is reset",
        "LossParams",
        "share of messages lost at full strength",
        "{fault: wire_loss, at: 1h, for: 10 min, scope: {client: monitor}, intensity: 20 %}",
    ),
    _by_share(
        "wire_duplicate",
        "frames and requests arrive twice, as a proxy makes them that repeats what it thinks failed",
        "DuplicateParams",
        "share of messages doubled at full strength",
        "{fault: wire_duplicate, at: 1h, for: 10 min, scope: {client: maker, carries: requests}, intensity: 10 %}",
    ),
    _by_share(
        "wire_reorder",
        "messages are held back and overtaken by later ones. TCP keeps the order of a stream; a broken proxy does not",
        "ReorderParams",
        "share of messages held back at full strength",
        "{fault: wire_reorder, at: 1h, for: 10 min, scope: {client: monitor, carries: streams}, intensity: 5 %}",
    ),
    _by_share(
        "wire_corrupt",
        "messages arrive with bits flipped. TLS would not let them pass; a broken proxy that ends it does",
        "CorruptParams",
        "share of messages altered at full strength",
        "{fault: wire_corrupt, at: 1h, for: 10 min, scope: {client: monitor, venue: apex}, intensity: 1 %}",
    ),
    _by_share(
        "wire_truncate",
        "replies and frames arrive without their end, as from a proxy whose buffer is too small; of a request nothing "
        "comes, since its receiver waits for the rest",
        "TruncateParams",
        "share of messages cut short at full strength",
        "{fault: wire_truncate, at: 1h, for: 10 min, scope: {client: monitor, carries: streams}, intensity: 1 %}",
    ),
    FaultSpec(
        name="wire_bandwidth",
        acts_in="wire",
        doc="each link and direction carries no more than so many bytes per second; what waits stands in a queue of "
        "`queue_bytes`, and what finds it full is dropped or costs its stream the connection (`when_full`)",
        params_at="lab.wire.params:BandwidthParams",
        maker_at="lab.harm.wire:wire_bandwidth",
        scope=_ALL,
        intensity=Real(1.0, 1e12),
        intensity_doc="bytes per second",
        example="{fault: wire_bandwidth, at: 1h, for: 10 min, scope: {client: monitor, venue: apex}, intensity: 500}",
        intensity_attribute="bytes_per_s",
    ),
    _without_degrees(
        "wire_half_open",
        "streams stay open and carry nothing in `direction`, and neither end is told; requests go on. Streams opened "
        "later work, unless `new_streams`; those that are still held at the end are reset then",
        "HalfOpenParams",
        (*_LINKS, "direction"),
        "{fault: wire_half_open, at: 1h, for: 5 min, scope: {client: monitor, venue: apex}}",
    ),
    _without_degrees(
        "wire_reset",
        "connections break: streams are closed at both ends and requests in flight fail at once, once or `every` so "
        "often; connecting again works",
        "ResetParams",
        (*_LINKS, "carries"),
        "{fault: wire_reset, at: 1h, for: 5 min, scope: {client: monitor}, with: {every: 20s}}",
    ),
    _without_degrees(
        "wire_blackhole",
        "whatever is sent vanishes, and nobody is told; streams that lost something are reset at the end",
        "WireParams",
        _ALL,
        "{fault: wire_blackhole, at: 1h, for: 5 min, scope: {client: monitor, venue: keystone}}",
    ),
    _without_degrees(
        "wire_partition",
        "nothing passes between a set of clients and a set of venues, while everyone else is connected",
        "PartitionParams",
        ("clients", "venues"),
        "{fault: wire_partition, at: 1h, for: 5 min, scope: {clients: [monitor, maker], venues: [apex, keystone]}}",
    ),
)
