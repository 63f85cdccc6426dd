"""Faults of an exchange's market data as its streams and replies show it, and of price sources."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

FEED_FAULTS: tuple[FaultSpec, ...] = ()
