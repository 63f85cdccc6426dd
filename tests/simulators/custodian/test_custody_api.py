from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from simulators.custodian.api import CustodianApi
from simulators.custodian.door import CustodyKey
from simulators.ledger import UNITS
from simulators.log_normal import LogNormal
from simulators.ports import Reply, Request

USD_WALLET = {
    "id": "USD",
    "total": "1000000",
    "balance": "1000000",
    "lockedAmount": "0",
    "available": "1000000",
    "pending": "0",
    "frozen": "0",
    "staked": "0",
}
TREASURY = {
    "id": "0",
    "name": "treasury",
    "assets": [USD_WALLET, USD_WALLET | {"id": "BTC", "total": "100", "balance": "100", "available": "100"}],
    "hiddenOnUI": False,
    "autoFuel": False,
}


def test_vault_accounts_are_shown_with_their_assets(world: Any) -> None:
    assert world.ask("GET", "/v1/vault/accounts_paged") == (200, {"accounts": [TREASURY], "paging": {}})
    assert world.ask("GET", "/v1/vault/accounts_paged?assetId=ETH") == (200, {"accounts": [], "paging": {}})
    assert world.ask("GET", "/v1/vault/accounts_paged?namePrefix=res") == (200, {"accounts": [], "paging": {}})
    assert world.ask("GET", "/v1/vault/accounts/0") == (200, TREASURY)
    assert world.ask("GET", "/v1/vault/accounts/0/USD") == (200, USD_WALLET)


def test_vault_accounts_come_in_pages_that_lose_none(world: Any) -> None:
    for name in ("reserve", "operations"):
        world.custodian.open_account(name, {"USD": "1"})
    seen: list[str] = []
    cursor = ""
    while True:
        status, page = world.ask("GET", f"/v1/vault/accounts_paged?limit=1{cursor}")
        assert status == 200
        seen += [account["name"] for account in page["accounts"]]
        if "after" not in page["paging"]:
            break
        cursor = f"&after={page['paging']['after']}"
    assert seen == ["treasury", "reserve", "operations"]


def test_a_settlement_instruction_is_a_transaction_between_exchange_and_vault(world: Any) -> None:
    world.apex.trade(1_500)
    world.apex.profit += 25_000_000  # a quarter of a dollar that nobody had to pay
    world.start()
    world.run_to("2023-02-20", 9)
    status, (shown,) = world.ask("GET", "/v1/transactions")
    id = shown.pop("id")
    assert (status, len(id), id[14]) == (200, 36, "4")
    assert shown.pop("lastUpdated") > 1676880000000
    assert shown == {
        "assetId": "USD",
        "assetType": "FIAT",
        "source": {"type": "EXCHANGE_ACCOUNT", "id": "apex", "name": "apex", "subType": "BINANCE"},
        "destination": {"type": "VAULT_ACCOUNT", "id": "0", "name": "treasury", "subType": ""},
        "requestedAmount": 1500.25,
        "amount": 1500.25,
        "netAmount": 0.0,
        "amountUSD": 1500.25,
        "amountInfo": {
            "amount": "1500.25",
            "requestedAmount": "1500.25",
            "netAmount": "0",
            "amountUSD": "1500.25",
        },
        "fee": 0,
        "networkFee": 0,
        "feeInfo": {"networkFee": "0", "serviceFee": "0"},
        "feeCurrency": "USD",
        "createdAt": 1676880000000,
        "status": "PENDING_AUTHORIZATION",
        "subStatus": "",
        "operation": "TRANSFER",
        "txHash": "",
        "sourceAddress": "",
        "destinationAddress": "",
        "destinationAddressDescription": "",
        "destinationTag": "",
        "addressType": "",
        "note": "",
        "createdBy": "",
        "rejectedBy": "",
        "signedBy": [],
        "customerRefId": None,
        "externalTxId": "apex-2023-02-20-0800",
        "exchangeTxId": "apex-2023-02-20-0800",
        "extraParameters": {
            "settlement": {"tradeDate": "2023-02-20", "terms": "T+1", "contractedAt": 1677002400000}
        },
        "numOfConfirmations": 0,
    }  # fmt: skip
    _, same = world.ask("GET", f"/v1/transactions/{id}")
    assert same["amountInfo"]["amount"] == "1500.25"
    assert world.ask("GET", "/v1/transactions/external_tx_id/apex-2023-02-20-0800")[1] == same
    status, error = world.ask("POST", f"/v1/transactions/{id}/cancel")
    assert (status, error["code"]) == (400, 1405)


def test_transactions_can_be_selected_and_ordered(world: Any) -> None:
    for exchange in world.exchanges.values():
        exchange.trade(1_000)
    world.start()
    world.run_to("2023-02-20", 12)
    noon_ms = world.kernel.now_ns // 1_000_000
    world.custodian.receive_deposit(world.master, "ETH", UNITS)
    world.run_to("2023-02-20", 15)

    def selected(query: str) -> list[str]:
        status, found = world.ask("GET", f"/v1/transactions?{query}")
        assert status == 200
        return [entry["source"]["id"] or "outside" for entry in found]

    assert selected("") == ["outside", "boreal", "apex"]
    assert selected("sort=ASC") == ["apex", "boreal", "outside"]
    assert selected("limit=1") == ["outside"]
    assert selected("orderBy=lastUpdated")[0] == "outside"
    assert selected("orderBy=lastUpdated&sort=ASC")[2] == "outside"
    assert selected("status=COMPLETED") == ["outside"]
    assert selected("sourceType=EXCHANGE_ACCOUNT&sourceId=boreal") == ["boreal"]
    assert selected("destType=EXCHANGE_ACCOUNT") == []
    assert selected(f"after={noon_ms - 1}") == ["outside"]
    assert selected(f"before={noon_ms}") == ["boreal", "apex"]
    assert selected(f"after={noon_ms}") == []


def test_exchange_accounts_show_what_the_firm_has_there(world: Any) -> None:
    status, shown = world.ask("GET", "/v1/exchange_accounts")
    assert (status, [account["id"] for account in shown]) == (200, ["apex", "boreal"])
    assert shown[0] == {
        "id": "apex",
        "name": "apex",
        "assets": [
            {"id": "BTC", "balance": "5", "lockedAmount": "0", "total": "5", "available": "5", "credit": "0"},
            {
                "id": "USD",
                "balance": "500000",
                "lockedAmount": "0",
                "total": "500000",
                "available": "500000",
                "credit": "0",
            },
        ],
        "type": "BINANCE",
        "status": "APPROVED",
        "isSubaccount": False,
    }


def test_supported_assets_are_those_the_custodian_holds(world: Any) -> None:
    status, shown = world.ask("GET", "/v1/supported_assets")
    assert (status, [(asset["id"], asset["type"], asset["decimals"]) for asset in shown]) == (
        200,
        [("USD", "FIAT", 8), ("BTC", "BASE_ASSET", 8), ("ETH", "BASE_ASSET", 8), ("USDT", "BASE_ASSET", 8)],
    )


@pytest.mark.parametrize(
    ("method", "target", "key", "status", "code"),
    [
        ("GET", "/v1/transactions", None, 401, -2),
        ("GET", "/v1/transactions", "stranger", 401, -7),
        ("POST", "/v1/transactions", "reader", 401, -8),
        ("POST", "/v1/transactions/x/cancel", "reader", 401, -8),
        ("GET", "/v1/vault/accounts/7", "reader", 404, 11001),
        ("GET", "/v1/vault/accounts/0/ETH", "reader", 404, 1006),
        ("GET", "/v1/vault/accounts/0/DOGE", "reader", 400, 1503),
        ("GET", "/v1/transactions/none", "reader", 404, 1404),
        ("GET", "/v1/transactions?limit=501", "reader", 400, 1400),
        ("GET", "/v1/transactions?limit=0", "reader", 400, 1400),
        ("GET", "/v1/transactions?after=yesterday", "reader", 400, 1400),
        ("GET", "/v1/transactions?status=DONE", "reader", 400, 1400),
        ("GET", "/v2/transactions", "reader", 404, 404),
        ("DELETE", "/v1/transactions", "writer", 404, 404),
    ],
)
def test_refusals_carry_a_message_and_the_dialects_code(
    world: Any, method: str, target: str, key: str | None, status: int, code: int
) -> None:
    answered, error = world.ask(method, target, key)
    assert (answered, error["code"], sorted(error)) == (status, code, ["code", "message"])
    assert error["message"]


def test_a_reply_shows_the_moment_it_leaves_after_a_log_normal_service_time(world: Any) -> None:
    latency = {"read": LogNormal(100.0, 0.5)}
    api = CustodianApi(world.custodian, {"reader": CustodyKey()}, latency, np.random.default_rng(3))
    start_ns = world.kernel.now_ns
    taken_ns: list[int] = []

    def respond(reply: Reply, cause: int) -> None:
        assert (reply.status, cause) == (200, 5)
        taken_ns.append(world.kernel.now_ns - asked_ns)

    request = Request("GET", "/v1/vault/accounts/0/USD", (("x-api-key", "reader"),))
    for poll in range(400):
        asked_ns = start_ns + poll * 30 * 10**9
        world.kernel.run_until(asked_ns)
        api.handle(request, respond, 5)
        world.kernel.run_until(asked_ns + 29 * 10**9)
    assert 85e6 < float(np.median(taken_ns)) < 115e6
    assert 0.4 < float(np.std(np.log(taken_ns))) < 0.6
    assert all(nanoseconds % 1_000 == 0 for nanoseconds in taken_ns)


def test_an_unknown_operation_in_the_latencies_is_refused(world: Any) -> None:
    with pytest.raises(ValueError, match="unknown operation 'poll'; expected one of read, write"):
        CustodianApi(world.custodian, {}, {"poll": LogNormal(1.0, 0.0)}, np.random.default_rng(3))


def test_custody_offers_no_stream(world: Any) -> None:
    assert world.api.open_stream("/ws", lambda payload, cause: None, lambda reason: None) is None


def test_payloads_are_plain_json(world: Any) -> None:
    replies: list[Reply] = []
    request = Request("GET", "/v1/vault/accounts/0", (("X-API-KEY", "reader"),))
    world.api.handle(request, lambda reply, cause: replies.append(reply), 0)
    world.kernel.run_until(world.kernel.now_ns)
    assert replies[0].headers == (("Content-Type", "application/json; charset=utf-8"),)
    assert json.loads(replies[0].body) == TREASURY
