"""Signed requests: what a key with a secret must bring along, and from where a bound key is accepted."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.exchange.api.routes import ApiKey
from simulators.exchange.api.signatures import check_request, sign
from simulators.ports import Reply, Request

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
WRONG = (400, -1022, "Signature for this request is not valid.")
ELSEWHERE = (401, -2015, "Invalid API-key, IP, or permissions for action.")


@pytest.fixture
def signed(new_world: Any) -> Any:
    """A world whose trading key has a secret; it is bound to the strategies' machine."""
    world = new_world()
    world.api._keys["K-signed"] = ApiKey("momentum", can_trade=True, secret=SECRET, addresses=("maker", "momentum"))
    return world


def _ask(world: Any, query: str, *, path: str = "/api/v3/account", address: str = "maker", body: bytes = b"") -> Any:
    replies: list[Reply] = []
    method = "POST" if body else "GET"
    request = Request(method, f"{path}?{query}" if query else path, (("X-MBX-APIKEY", "K-signed"),), body)
    world.api.at_address(address).handle(request, lambda reply, cause: replies.append(reply), 1)
    world.clock.run(50_000_000)
    answer = msgspec.json.decode(replies[0].body)
    return replies[0].status, *((answer["code"], answer["msg"]) if "code" in answer else ())


def _signed(query: str) -> str:
    return f"{query}&signature={hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()}"


def test_the_documented_example_has_the_documented_signature() -> None:
    # https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
    query = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    assert sign(SECRET, query) == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


def test_a_signed_request_is_served(signed: Any) -> None:
    assert _ask(signed, _signed(f"recvWindow=5000&timestamp={signed.clock.now_ns // 1_000_000}")) == (200,)


def test_without_timestamp_or_signature_it_is_refused(signed: Any) -> None:
    now_ms = signed.clock.now_ns // 1_000_000
    refused = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
    assert _ask(signed, "") == (400, -1102, refused.format("timestamp"))
    assert _ask(signed, f"timestamp={now_ms}") == (400, -1102, refused.format("signature"))


def test_a_signature_of_something_else_is_refused(signed: Any) -> None:
    now_ms = signed.clock.now_ns // 1_000_000
    changed = _signed(f"timestamp={now_ms}").replace(str(now_ms), str(now_ms + 1))
    assert _ask(signed, changed) == WRONG
    assert _ask(signed, f"timestamp={now_ms}&signature=\N{SNOWMAN}") == WRONG


def test_a_stale_request_is_refused(signed: Any) -> None:
    stale = _signed(f"timestamp={signed.clock.now_ns // 1_000_000 - 5_001}")
    assert _ask(signed, stale) == (400, -1021, "Timestamp for this request is outside of the recvWindow.")


def test_a_bound_key_is_refused_from_elsewhere(signed: Any) -> None:
    query = _signed(f"timestamp={signed.clock.now_ns // 1_000_000}")
    assert _ask(signed, query, address="thief") == ELSEWHERE


def test_a_key_that_may_not_withdraw_is_refused_a_withdrawal(signed: Any) -> None:
    query = _signed(f"coin=BTC&amount=1&address=0xabc&timestamp={signed.clock.now_ns // 1_000_000}")
    assert _ask(signed, "", path="/sapi/v1/capital/withdraw/apply", body=query.encode()) == ELSEWHERE


def _subscribe(world: Any, address: str, **parameters: Any) -> Any:
    frames: list[bytes] = []
    stream = world.api.at_address(address).open_stream("/ws-api/v3", lambda f, _: frames.append(f), lambda _: None)
    call = {"id": 1, "method": "userDataStream.subscribe.signature", "params": {"apiKey": "K-signed", **parameters}}
    stream.receive(msgspec.json.encode(call), 1)
    world.clock.run(50_000_000)
    answer = msgspec.json.decode(frames[0])
    return answer["result"] if answer["status"] == 200 else answer["error"]["code"]


def test_a_stream_subscription_is_signed_and_bound_too(signed: Any) -> None:
    stamp = signed.clock.now_ns // 1_000_000
    good = {"timestamp": stamp, "signature": sign(SECRET, f"apiKey=K-signed&timestamp={stamp}")}
    old = {"timestamp": stamp - 6_000, "signature": sign(SECRET, f"apiKey=K-signed&timestamp={stamp - 6_000}")}
    assert _subscribe(signed, "thief", **good) == -2015
    assert _subscribe(signed, "maker", timestamp=stamp, signature="") == -1102
    assert _subscribe(signed, "maker", timestamp=stamp, signature="00") == -1022
    assert _subscribe(signed, "maker", **old) == -1021
    assert _subscribe(signed, "maker", **good) == {"subscriptionId": 0}


@given(st.lists(st.sampled_from(["a=1", "b=2", "timestamp=5", "c=%20"]), max_size=4), st.integers(0, 5), st.booleans())
def test_the_signature_may_stand_anywhere(parts: list[str], place: int, in_body: bool) -> None:
    text = "&".join([*parts, "timestamp=7"])
    mark = f"signature={sign(SECRET, text)}"
    names = text.split("&")
    names.insert(min(place, len(names)), mark)
    whole = "&".join(names)
    check_request(SECRET, "" if in_body else whole, whole.encode() if in_body else b"")
