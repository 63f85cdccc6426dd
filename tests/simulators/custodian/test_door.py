"""Who may come in to custody: one token, one request."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.custodian.door import CustodyKey, Door
from simulators.custodian.refused import Refused
from simulators.ports import Request

NOW_S = 1_676_851_200
SECRET = "a secret of thirty-two bytes or more, for HS256"
TARGET = "/v1/transactions?after=5"


def request(secret: str = SECRET, target: str = TARGET, body: bytes = b"", **claims: Any) -> Request:
    stated = {
        "uri": TARGET,
        "nonce": "n1",
        "iat": NOW_S,
        "exp": NOW_S + 29,
        "sub": "reader",
        "bodyHash": hashlib.sha256(b"").hexdigest(),
    }
    token = jwt.encode(stated | claims, secret, "HS256")
    return Request("GET", target, (("x-api-key", "reader"), ("Authorization", f"Bearer {token}")), body)


def door() -> Door:
    return Door({"reader": CustodyKey(secret=SECRET)})


def admit(door: Door, asked: Request, at_s: int = NOW_S) -> None:
    door.admit(asked, at_s * 1_000_000_000)


def test_a_token_opens_the_door_once() -> None:
    opened = door()
    admit(opened, request())
    with pytest.raises(Refused, match="nonce was used before"):
        admit(opened, request())
    admit(opened, request(nonce="n2"))


@pytest.mark.parametrize(
    ("asked", "at_s", "reason"),
    [
        (request(secret="another secret of thirty-two bytes or more"), NOW_S, "JWT is invalid"),
        (request(target="/v1/transactions"), NOW_S, "uri is not the one asked for"),
        (request(body=b"{}"), NOW_S, "bodyHash is not that of the body"),
        (request(sub="writer"), NOW_S, "sub is not the API key"),
        (request(exp=NOW_S + 300), NOW_S, "exp must be less than 30 seconds after iat"),
        (request(), NOW_S + 30, "JWT is expired"),
        (request(), NOW_S - 6, "iat lies in the future"),
        (request(nonce=None), NOW_S, "nonce is missing"),
        (request(iat="now"), NOW_S, "exp must be less"),
    ],
)
def test_a_token_that_is_not_for_this_request_is_refused(asked: Request, at_s: int, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        admit(door(), asked, at_s)
    assert (refused.value.status, refused.value.code) == (401, -7)


def test_a_key_without_a_token_is_refused() -> None:
    with pytest.raises(Refused, match="Missing token"):
        admit(door(), Request("GET", TARGET, (("X-API-Key", "reader"),)))


@given(st.integers(0), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_with_another_letter_anywhere_opens_no_door(place: int, letter: str) -> None:
    good = request()
    token = good.headers[1][1].removeprefix("Bearer ")
    place %= len(token)
    altered = token[:place] + letter + token[place + 1 :]
    asked = Request("GET", TARGET, (("x-api-key", "reader"), ("Authorization", f"Bearer {altered}")))
    try:
        claims = jwt.decode(altered, SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False})
    except jwt.InvalidTokenError:
        with pytest.raises(Refused, match="JWT is invalid"):
            admit(door(), asked)
    else:
        assert claims == jwt.decode(token, SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False})
        admit(door(), asked)


def test_a_token_that_says_more_than_is_documented_is_read_by_the_library() -> None:
    admit(door(), request(iss="somebody"))
    with pytest.raises(Refused, match="JWT is invalid: Invalid audience"):
        admit(door(), request(aud="another service"))


def test_a_token_in_four_parts_opens_no_door() -> None:
    header, payload, _ = request().headers[1][1].removeprefix("Bearer ").split(".")
    signed = f"{header}.{payload[:8]}.{payload[8:]}"
    signature = urlsafe_b64encode(hmac.digest(SECRET.encode(), signed.encode(), "sha256")).rstrip(b"=").decode()
    asked = Request("GET", TARGET, (("x-api-key", "reader"), ("Authorization", f"Bearer {signed}.{signature}")))
    with pytest.raises(Refused, match="JWT is invalid"):
        admit(door(), asked)
