"""Outage of a custodian: its API cannot be reached."""

from __future__ import annotations

from collections.abc import Callable

from simulators.custodian.api import CustodianApi, error_reply
from simulators.custodian.harm import CustodianOutageParams
from simulators.ports import Clock, Reply


class CustodianOutage:
    """``custodian_outage``: the API is down. Takes effect with the first request that is not served."""

    def __init__(
        self, api: CustodianApi, clock: Clock, params: CustodianOutageParams, took_effect: Callable[[str], None]
    ) -> None:
        self._api = api
        self._silent = params.mode == "silent"
        self._took_effect = took_effect
        self._has_taken_effect = False

    def begin(self, cause: int) -> None:
        self._api.outages.append(self)
        self._api.custodian.audit.record("venue", self._api.name, cause, "down", "api")

    def end(self, cause: int) -> None:
        self._api.outages.remove(self)
        self._api.custodian.audit.record("venue", self._api.name, cause, "up", "api")

    def answer(self, cause: int) -> Reply | None:
        """An ``Outage``: what a client gets instead of an answer."""
        if not self._has_taken_effect:
            self._has_taken_effect = True
            self._took_effect(f"request to {self._api.name} was {'not answered' if self._silent else 'refused'}")
        return None if self._silent else error_reply(503, 503, "Service Unavailable")
