"""Theft from custody: somebody signs a transaction with the key that may move the firm's money."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import jwt
import msgspec

from simulators.custodian.door import TOKEN_LIFE_S
from simulators.custodian.harm import VaultTheftParams
from simulators.ports import Clock, Reply, Request, Wire

_TARGET = "/v1/transactions"
_THIEFS_ADDRESS = "0x7468656966746869656674686965667468696566"
_VAULT = "0"
_TIMEOUT_NS = 10_000_000_000
_NS_PER_S = 1_000_000_000


class VaultTheft:
    """``vault_theft``: a transfer out of the vault that nobody in the firm asked for. What has left has left."""

    def __init__(
        self,
        wire: Wire,
        api_key: str,
        secret: str,
        clock: Clock,
        params: VaultTheftParams,
        took_effect: Callable[[str], None],
    ) -> None:
        self._wire = wire
        self._api_key = api_key
        self._secret = secret
        self._clock = clock
        self._params = params
        self._took_effect = took_effect

    def begin(self, cause: int) -> None:
        body = msgspec.json.encode(
            {
                "operation": "TRANSFER",
                "assetId": self._params.asset,
                "source": {"type": "VAULT_ACCOUNT", "id": _VAULT},
                "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": _THIEFS_ADDRESS}},
                "amount": f"{self._params.amount:.8f}",
            }
        )
        headers = (("X-API-Key", self._api_key), ("Authorization", f"Bearer {self._token(body, cause)}"))
        self._wire.request(Request("POST", _TARGET, headers, body), self._answered, _TIMEOUT_NS, cause)

    def end(self, cause: int) -> None:
        """The key has been changed."""

    def _token(self, body: bytes, cause: int) -> str:
        issued_s = self._clock.now_ns // _NS_PER_S
        claims = {
            "uri": _TARGET,
            "nonce": cause,
            "iat": issued_s,
            "exp": issued_s + TOKEN_LIFE_S,
            "sub": self._api_key,
            "bodyHash": hashlib.sha256(body).hexdigest(),
        }
        return jwt.encode(claims, self._secret, "HS256")

    def _answered(self, reply: Reply | None, cause: int) -> None:
        if reply is not None and reply.status == 200:
            self._took_effect("the custodian took the thief's transaction")
