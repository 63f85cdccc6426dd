"""Intents: what a strategy hands to the gateway, signed, so that nobody else on the machine can trade in its name.

The signature is the HMAC-SHA256, under the strategy's own secret, of everything the intent says. A nonce makes each
good for once, and the timestamp bounds how long the nonces have to be remembered.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from simulators.ports import Clock

TOLERANCE_MS = 300_000
"""An intent whose timestamp is further from the gateway's clock is refused."""

BAD_SIGNATURE = "bad_signature"
REPLAYED_NONCE = "replayed_nonce"
EXPIRED_TIMESTAMP = "expired_timestamp"

_NS_PER_MS = 1_000_000
_MOST_NONCES = 65_536


class Intent(msgspec.Struct, frozen=True, gc=False):
    """An order that a strategy wants sent, or cancelled: the venue's request without timestamp and signature."""

    strategy: str
    venue: str
    method: str
    path: str
    query: str
    nonce: int
    timestamp_ms: int
    signature: str = ""

    def text(self) -> bytes:
        """What is signed."""
        parts = (self.strategy, self.venue, self.method, self.path, self.query, self.nonce, self.timestamp_ms)
        return "\n".join(map(str, parts)).encode()


class Signer:
    """A strategy's end: signs what it wants done, each time under a new nonce."""

    def __init__(self, strategy: str, secret: str, clock: Clock) -> None:
        self.strategy = strategy
        self._secret = secret.encode()
        self._clock = clock
        self._nonce = 0

    def sign(self, venue: str, method: str, path: str, query: str, age_ms: int = 0) -> Intent:
        """An intent of this moment, or of ``age_ms`` ago."""
        self._nonce += 1
        stamp_ms = self._clock.now_ns // _NS_PER_MS - age_ms
        bare = Intent(self.strategy, venue, method, path, query, self._nonce, stamp_ms)
        return msgspec.structs.replace(bare, signature=hmac.digest(self._secret, bare.text(), "sha256").hex())


class Verifier:
    """The gateway's end. ``secrets`` go by strategy."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = {strategy: secret.encode() for strategy, secret in secrets.items()}
        self._nonces: dict[str, OrderedDict[int, int]] = {strategy: OrderedDict() for strategy in secrets}
        self._floors_ms = dict.fromkeys(secrets, 0)

    def objection(self, intent: Intent, now_ns: int) -> str:
        """Why the intent is not what it claims to be; empty if it is, and then its nonce is used."""
        secret = self._secrets.get(intent.strategy)
        if secret is None or not hmac.compare_digest(
            hmac.digest(secret, intent.text(), "sha256").hex().encode(), intent.signature.encode()
        ):
            return BAD_SIGNATURE
        now_ms = now_ns // _NS_PER_MS
        if abs(now_ms - intent.timestamp_ms) > TOLERANCE_MS or intent.timestamp_ms < self._floors_ms[intent.strategy]:
            return EXPIRED_TIMESTAMP
        nonces = self._nonces[intent.strategy]
        if intent.nonce in nonces:
            return REPLAYED_NONCE
        nonces[intent.nonce] = intent.timestamp_ms
        self._forget(intent.strategy, now_ms)
        return ""

    def _forget(self, strategy: str, now_ms: int) -> None:
        """Drop nonces whose timestamp would be refused anyway. Beyond the bound, the oldest timestamps are refused."""
        nonces = self._nonces[strategy]
        while nonces:
            nonce, stamp_ms = next(iter(nonces.items()))
            if now_ms - stamp_ms <= TOLERANCE_MS:
                if len(nonces) <= _MOST_NONCES:
                    return
                self._floors_ms[strategy] = max(self._floors_ms[strategy], stamp_ms + 1)
            del nonces[nonce]
