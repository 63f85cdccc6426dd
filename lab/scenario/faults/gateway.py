"""Faults of the firm's own gateway: its order path, heartbeats and policy store."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

GATEWAY_FAULTS: tuple[FaultSpec, ...] = ()
