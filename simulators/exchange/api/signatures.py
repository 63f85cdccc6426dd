"""Signatures: a request that needs a key bears the HMAC-SHA256 of its parameters under the key's secret.

As Binance documents it: the signed text is the query string followed by the body, each without its ``signature``; the
WebSocket API signs its parameters sorted by name.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

from simulators.exchange.api.errors import bad_signature, missing

_NAME = "signature="
_LAST = "&signature="


def sign(secret: str, text: str) -> str:
    """The signature of ``text``, as hex."""
    signature = _begun(secret).copy()
    signature.update(text.encode())
    return signature.hexdigest()


@lru_cache(maxsize=1_024)
def _begun(secret: str) -> hmac.HMAC:
    """What every signature under a secret begins with: half the work, and the secrets are few."""
    return hmac.new(secret.encode(), digestmod="sha256")


def check_request(secret: str, query: str, body: bytes) -> None:
    """Refuse a request without timestamp (-1102), without signature (-1102) or with a wrong one (-1022)."""
    signed, signature = _without_signature(query)
    if body:
        form, in_body = _without_signature(body.decode("utf-8", "replace"))
        signed, signature = signed + form, signature or in_body
    if "timestamp=" not in signed:
        raise missing("timestamp")
    check(secret, signed, signature)


def check(secret: str, signed: str, signature: str) -> None:
    """Refuse a missing signature (-1102) and one that is not that of ``signed`` (-1022)."""
    if not signature:
        raise missing("signature")
    if not hmac.compare_digest(sign(secret, signed), signature.lower().encode("ascii", "replace").decode()):
        raise bad_signature()


def _without_signature(text: str) -> tuple[str, str]:
    """The parameters that were signed, and the signature, empty if there is none. It usually comes last."""
    head, mark, signature = text.rpartition(_LAST)
    if mark and "&" not in signature:
        return head, signature
    parts = text.split("&") if text else []
    found = next((part[len(_NAME) :] for part in parts if part.startswith(_NAME)), "")
    return "&".join(part for part in parts if not part.startswith(_NAME)), found
