"""Faults of the firm's own back office: its order gateway, heartbeats and policy store."""

from __future__ import annotations

from lab.scenario.faults.spec import FaultSpec

BACKOFFICE_FAULTS: tuple[FaultSpec, ...] = ()
