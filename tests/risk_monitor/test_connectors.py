"""Connectors against payloads as the venues' public documentation shows them, and against arbitrary bytes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_monitor.config import Account
from risk_monitor.connectors import binance, coingecko, coinmetrics, fireblocks
from risk_monitor.connectors.domain import (
    AccountSnapshot,
    Balance,
    BalanceChange,
    ConnectorError,
    CustodyBalance,
    Fill,
    HistoryRecord,
    IndexPrice,
    OrderEvent,
    OrderUpdate,
    SettlementSeen,
    TransferSeen,
)

ACCOUNT = b"""{"makerCommission": 15, "takerCommission": 15, "buyerCommission": 0, "sellerCommission": 0,
"commissionRates": {"maker": "0.00150000", "taker": "0.00150000", "buyer": "0.00000000", "seller": "0.00000000"},
"canTrade": true, "canWithdraw": true, "canDeposit": true, "brokered": false, "requireSelfTradePrevention": false,
"preventSor": false, "updateTime": 123456789, "accountType": "SPOT",
"balances": [{"asset": "BTC", "free": "4723846.89208129", "locked": "0.00000000"},
{"asset": "LTC", "free": "4763368.68006011", "locked": "0.10000000"}], "permissions": ["SPOT"], "uid": 354937868}"""

EXECUTION = b"""{"subscriptionId": 0, "event": {"e": "executionReport", "E": 1499405658658, "s": "ETHBTC",
"c": "mUvoqJxFIILMdfAW5iGSOW", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1.00000000", "p": "0.10264410",
"P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "%s", "X": "%s", "r": "NONE", "i": 4293153,
"l": "%s", "z": "0.40000000", "L": "0.10264410", "n": "0.00040000", "N": %s, "T": 1499405658657, "t": 77,
"I": 8641984, "w": true, "m": false, "M": false, "O": 1499405658657, "Z": "0.04105764", "Y": "0.04105764",
"Q": "0.00000000", "W": 1499405658657, "V": "NONE"}}"""

MY_TRADES = b"""[{"symbol": "BNBBTC", "id": 28457, "orderId": 100234, "orderListId": -1, "price": "4.00000100",
"qty": "12.00000000", "quoteQty": "48.000012", "commission": "10.10000000", "commissionAsset": "BNB",
"time": 1499865549590, "isBuyer": true, "isMaker": false, "isBestMatch": true}]"""

WITHDRAWALS = b"""[{"id": "b6ae22b3aa844210a7041aee7589627c", "amount": "8.91000000", "transactionFee": "0.004",
"coin": "USDT", "status": 6, "address": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60",
"txId": "0xb5ef8c13b968a406cc62a93a8bd80f9e9a906ef1b3fcf20a2e48573c17659268", "applyTime": "2019-10-12 11:12:02",
"network": "ETH", "transferType": 0}]"""

DEPOSITS = b"""[{"id": "769800519366885376", "amount": "0.001", "coin": "BNB", "network": "BNB", "status": 1,
"address": "bnb136ns6lfw4zs5hg4n85vdthaad7hq5m4gtkgf23", "addressTag": "101764890",
"txId": "98A3EA560C6B3336D348B6C83F0F95ECE4F1F5919E94BD006E5BF3BF264FACFC", "insertTime": 1661493146000}]"""

VAULTS = b"""{"accounts": [{"id": "0", "name": "master", "hiddenOnUI": false, "autoFuel": false, "assets": [
{"id": "USDT_ERC20", "total": "10.5", "balance": "10.5", "lockedAmount": "0", "available": "10.5", "pending": "0"},
{"id": "USDT", "total": "2", "available": "2"}]},
{"id": "1", "name": "cold", "assets": [{"id": "BTC", "total": "0.123456789012345678", "available": "0"}]}],
"paging": {"before": null, "after": "MTIz"}}"""

TRANSACTIONS = b"""[{"id": "6f7d", "externalTxId": null, "status": "CONFIRMING", "subStatus": "",
"operation": "TRANSFER", "assetId": "USD",
"source": {"type": "EXCHANGE_ACCOUNT", "id": "apex", "name": "apex", "subType": "BINANCE"},
"destination": {"type": "VAULT_ACCOUNT", "id": "0", "name": "master", "subType": ""},
"amount": 20684.27, "netAmount": 84.27, "amountInfo": {"amount": "20684.27", "requestedAmount": "20684.27",
"netAmount": "84.27", "amountUSD": "20684.27"}, "createdAt": 1677136800000, "lastUpdated": 1677136801000,
"extraParameters": {"settlement": {"tradeDate": "2023-02-23", "terms": "T+0", "contractedAt": 1677175200000}}},
{"id": "9a", "status": "REJECTED", "assetId": "USD", "source": {"type": "VAULT_ACCOUNT", "id": "0"},
"destination": {"type": "EXCHANGE_ACCOUNT", "id": "boreal"}, "amountInfo": {"amount": "5", "netAmount": "0"},
"createdAt": 1677136800001, "extraParameters": {"settlement": {"tradeDate": "2023-02-23", "terms": "T+0",
"contractedAt": 1677175200000}}},
{"id": "b1", "status": "COMPLETED", "assetId": "BTC", "source": {"type": "VAULT_ACCOUNT", "id": "0"},
"destination": {"type": "ONE_TIME_ADDRESS", "id": null}, "amountInfo": {"amount": "1.5", "netAmount": "1.4999"},
"createdAt": 1677136800002, "extraParameters": {}}]"""


def test_an_account_reply_is_a_complete_snapshot() -> None:
    assert binance.read_account(ACCOUNT) == AccountSnapshot(
        123456789,
        (
            Balance("BTC", Decimal("4723846.89208129"), Decimal("0.00000000")),
            Balance("LTC", Decimal("4763368.68006011"), Decimal("0.10000000")),
        ),
        True,
    )


def test_an_execution_report_of_a_trade_is_a_fill_and_any_other_an_order_update() -> None:
    filled = binance.read_user_frame(EXECUTION % (b"TRADE", b"PARTIALLY_FILLED", b"0.40000000", b'"ETH"'))
    assert filled == Fill(
        "ETHBTC", 77, True, Decimal("0.4"), Decimal("0.04105764"), 0.1026441, Decimal("0.0004"), "ETH", 1499405658657,
        4293153, False, Decimal(1), "mUvoqJxFIILMdfAW5iGSOW",
    )  # fmt: skip
    new = binance.read_user_frame(EXECUTION % (b"NEW", b"NEW", b"0.00000000", b"null"))
    assert new == OrderUpdate(
        "ETHBTC", 4293153, "NEW", OrderEvent.ACCEPTED, True, Decimal(1), "mUvoqJxFIILMdfAW5iGSOW", 1499405658657
    )


def test_a_cancelled_order_is_known_by_the_name_it_was_placed_under() -> None:
    named = EXECUTION.replace(b'"C": ""', b'"C": "placed"').replace(b"mUvoqJxFIILMdfAW5iGSOW", b"cancelling")
    cancelled = binance.read_user_frame(named % (b"CANCELED", b"CANCELED", b"0.00000000", b"null"))
    assert cancelled == OrderUpdate(
        "ETHBTC", 4293153, "CANCELED", OrderEvent.CANCELLED, True, Decimal(1), "placed", 1499405658657
    )


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            b'{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,'
            b'"B":[{"a":"ETH","f":"10000.000000","l":"0.000000"}]}}',
            AccountSnapshot(1564034571073, (Balance("ETH", Decimal("10000"), Decimal("0")),), False),
        ),
        (
            b'{"subscriptionId":0,"event":{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"-100.00000000",'
            b'"T":1573200697068}}',
            BalanceChange(1573200697068, "BTC", Decimal("-100")),
        ),
        (b'{"id":"d3df","status":200,"result":{"subscriptionId":0},"rateLimits":[]}', binance.Subscribed()),
        (
            b'{"id":"d3df","status":400,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions."}}',
            binance.SubscriptionLost("status 400"),
        ),
        (
            b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1728973001334}}',
            binance.SubscriptionLost("terminated by the venue"),
        ),
        (b'{"subscriptionId":0,"event":{"e":"listStatus","E":1564035303637,"s":"ETHBTC"}}', None),
    ],
)
def test_frames_of_the_user_data_stream(payload: bytes, expected: object) -> None:
    assert binance.read_user_frame(payload) == expected


def test_trades_and_histories_of_an_account() -> None:
    assert binance.read_trades(MY_TRADES) == (
        Fill(
            "BNBBTC",
            28457,
            True,
            Decimal(12),
            Decimal("48.000012"),
            4.000001,
            Decimal("10.1"),
            "BNB",
            1499865549590,
            100234,
            False,
        ),
    )
    withdrawal_id = "withdrawal b6ae22b3aa844210a7041aee7589627c"
    assert binance.read_withdrawals(WITHDRAWALS) == (
        HistoryRecord(withdrawal_id, "USDT", Decimal("-8.91"), Decimal("0.004"), has_left=True),
    )
    assert binance.read_deposits(DEPOSITS) == (
        HistoryRecord("deposit 769800519366885376", "BNB", Decimal("0.001"), Decimal(0)),
    )


def test_a_signature_is_that_of_the_documented_example() -> None:
    # The key and secret of the example in the venue's own "signed endpoint" documentation.
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    query = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    signature = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert binance._signature(secret, query) == signature
    account = Account("master", "key", secret)
    signed = binance.account_target(account, 1_499_827_319_559_000_000)
    assert signed.startswith(
        "/api/v3/account?omitZeroBalances=true&recvWindow=10000&timestamp=1499827319559&signature="
    )
    assert "signature" not in binance.account_target(Account("master", "key"), 0)


def test_vault_accounts_are_summed_over_wallets_of_one_asset() -> None:
    assert fireblocks.read_vault_page(VAULTS) == fireblocks.VaultPage(
        (CustodyBalance("USDT", Decimal("12.5")), CustodyBalance("BTC", Decimal("0.123456789012345678"))), "MTIz"
    )


def test_transactions_are_settlements_with_a_sign_or_transfers() -> None:
    page = fireblocks.read_transactions(TRANSACTIONS)
    assert page.settlements == (
        SettlementSeen(
            "6f7d",
            "apex",
            "USD",
            Decimal("20684.27"),
            Decimal("84.27"),
            "CONFIRMING",
            False,
            1677136800000,
            1677175200000,
            1677136801000,
        ),
        SettlementSeen("9a", "boreal", "USD", Decimal(-5), Decimal(0), "REJECTED", True, 1677136800001, 1677175200000),
    )
    assert page.transfers == (
        TransferSeen("b1", "BTC", Decimal("-1.4999"), True, True, 1677136800002, status="COMPLETED"),
    )
    assert (page.newest_ms, page.is_full) == (1677136800002, False)


def test_price_sources_give_usd_prices_of_known_assets() -> None:
    gecko = b'{"bitcoin":{"usd":24521.12,"last_updated_at":1676884000},"dogecoin":{"usd":1},"tether":{"usd":null}}'
    assert coingecko.read_prices(gecko) == (IndexPrice("BTC", 24521.12, 1_676_884_000 * 10**9),)
    metrics = (
        b'{"data":[{"asset":"btc","time":"2023-02-20T09:00:00.000000000Z","ReferenceRateUSD":"24520.5"},'
        b'{"asset":"btc","time":"2023-02-20T09:01:00.000000000Z","ReferenceRateUSD":"24521.5"},'
        b'{"asset":"eth","time":"2023-02-20T09:01:00.000000000Z","ReferenceRateUSD":null}],"next_page_token":"x"}'
    )
    assert coinmetrics.read_prices(metrics) == (IndexPrice("BTC", 24521.5, 1_676_883_660 * 10**9),)


@pytest.mark.parametrize(
    "amount", ["NaN", "sNaN", "Infinity", "1e999999", "1e-999999", "9" * 40, "0." + "1" * 19, "x", ""]
)
def test_an_amount_that_sums_would_not_survive_is_refused(amount: str) -> None:
    body = f'{{"updateTime":1,"balances":[{{"asset":"BTC","free":"{amount}","locked":"0"}}]}}'.encode()
    with pytest.raises(ConnectorError):
        binance.read_account(body)


READERS: list[Callable[[bytes], object]] = [
    binance.read_account,
    binance.read_trades,
    binance.read_withdrawals,
    binance.read_deposits,
    binance.read_user_frame,
    fireblocks.read_vault_page,
    fireblocks.read_transactions,
    coingecko.read_prices,
    coinmetrics.read_prices,
]
GOLDEN = [ACCOUNT, MY_TRADES, WITHDRAWALS, DEPOSITS, VAULTS, TRANSACTIONS]


@given(
    st.sampled_from(READERS),
    st.one_of(
        st.binary(max_size=100),
        st.tuples(st.sampled_from(GOLDEN), st.integers(0, 400), st.binary(max_size=3)).map(
            lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]
        ),
        st.just(b"[" * 100_000),
    ),
)
def test_whatever_arrives_is_read_or_a_connector_error(read: Callable[[bytes], object], payload: bytes) -> None:
    with suppress(ConnectorError):
        read(payload)
