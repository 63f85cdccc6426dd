"""What a scenario plays in: the firm, the market, the limits in force, and the controls that are wired in."""

from __future__ import annotations

import msgspec

from lab.scenario.controls import ControlsInForce
from lab.scenario.firm import Firm
from lab.scenario.limits import LimitsInForce
from lab.scenario.mandates import limit_keys
from lab.scenario.model import Market
from simulators.market_data.world.config import window_ns


class World(msgspec.Struct, frozen=True):
    """What the scenario plays in."""

    firm: Firm
    market: Market
    limits: LimitsInForce
    controls: ControlsInForce | None

    @property
    def market_starts_ns(self) -> int | None:
        return window_ns(self.market.config)[0]

    @property
    def stablecoins(self) -> tuple[str, ...]:
        return self.limits.rules.stablecoins

    def severities(self, mandate: str, subject: str) -> tuple[str, ...]:
        """The severities of the rules that the limits set for ``subject``."""
        kept = self.limits.rules.mandate(mandate)
        if kept is None:
            return ()
        for key in limit_keys(mandate, subject, self.limits.rules):
            for entry in kept.subjects:
                if entry.subject == key:
                    return tuple(bound.severity.value for bound in entry.bounds)
        return ()
