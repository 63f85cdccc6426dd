"""The custodian's door: who may come in, shown by a token that is good for one request alone.

Each request bears the API key and a JSON Web Token (RFC 7519) over its target, its body's hash, a nonce and its times,
with the claims that Fireblocks documents.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import jwt
import msgspec
from jwt.types import Options

from simulators.custodian.refused import Refused
from simulators.ports import Request

TOKEN_LIFE_S = 30
"""The longest a token may be good for."""
CLOCK_TOLERANCE_S = 5
"""How far in the future a token may have been issued by its own clock."""
MAX_NONCES = 100_000
"""Nonces remembered; a token whose nonce is forgotten has long expired."""

_NS_PER_S = 1_000_000_000
_UNTRUSTED: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}  # the venue's clock decides


class CustodyKey(msgspec.Struct, frozen=True):
    """What an API key may do: everybody known may read, some may also move money.

    ``secret`` verifies its tokens: a public RSA key in PEM (RS256, as the real service has it) or a shared secret
    (HS256). Without one the key alone opens the door.
    """

    can_write: bool = False
    secret: str = ""


class Door:
    """Admits requests, each token once."""

    def __init__(self, keys: Mapping[str, CustodyKey]) -> None:
        self._keys = dict(keys)
        self._nonces: OrderedDict[tuple[str, str], None] = OrderedDict()

    def admit(self, request: Request, now_ns: int) -> CustodyKey:
        """The key that opens the door to this request. Refused (401) if none does."""
        name = _header(request, "x-api-key")
        if not name:
            raise Refused(401, -2, "Unauthorized: Missing API key")
        key = self._keys.get(name)
        if key is None:
            raise _not_accepted("unknown API key")
        if key.secret:
            self._check_token(request, name, key, now_ns // _NS_PER_S)
        return key

    def _check_token(self, request: Request, name: str, key: CustodyKey, now_s: int) -> None:
        scheme, _, token = _header(request, "authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(401, -1, "Unauthorized: Missing token")
        algorithm = "RS256" if key.secret.startswith("-----BEGIN") else "HS256"
        try:
            claims: dict[str, Any] = jwt.decode(token, key.secret, [algorithm], options=_UNTRUSTED)
        except jwt.InvalidTokenError as error:
            raise _not_accepted(f"JWT is invalid: {error}") from None
        if claims.get("sub") != name:
            raise _not_accepted("sub is not the API key")
        if claims.get("uri") != request.target:
            raise _not_accepted("uri is not the one asked for")
        if claims.get("bodyHash") != hashlib.sha256(request.body).hexdigest():
            raise _not_accepted("bodyHash is not that of the body")
        issued_s, expires_s = claims.get("iat"), claims.get("exp")
        if not isinstance(issued_s, int) or not isinstance(expires_s, int) or expires_s - issued_s > TOKEN_LIFE_S:
            raise _not_accepted(f"exp must be less than {TOKEN_LIFE_S} seconds after iat")
        if issued_s > now_s + CLOCK_TOLERANCE_S:
            raise _not_accepted("iat lies in the future")
        if expires_s < now_s:
            raise _not_accepted("JWT is expired")
        nonce = claims.get("nonce")
        if not isinstance(nonce, str | int) or (name, str(nonce)) in self._nonces:
            raise _not_accepted("nonce was used before" if nonce else "nonce is missing")
        self._nonces[name, str(nonce)] = None
        if len(self._nonces) > MAX_NONCES:
            self._nonces.popitem(last=False)


def _header(request: Request, wanted: str) -> str:
    return next((value for name, value in request.headers if name.lower() == wanted), "")


def _not_accepted(reason: str) -> Refused:
    return Refused(401, -7, f"Unauthorized: Token was not accepted. {reason}")
