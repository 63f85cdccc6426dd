"""The operations of a custody API, and how long each takes where the venue's configuration does not say."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.log_normal import LogNormal

DEFAULT_SERVICE_TIMES: Mapping[str, LogNormal] = {"read": LogNormal(60.0, 0.4), "write": LogNormal(120.0, 0.4)}
"""``write`` is any request that is not a GET."""

OPERATIONS = tuple(DEFAULT_SERVICE_TIMES)
