"""Golden replies about accounts, the wallet and sub-accounts."""

from __future__ import annotations

from zlib import crc32

import msgspec

from simulators.exchange.types import Side

START_MS = 1_676_851_200_000
MS = 1_000_000
SECOND = 1_000 * MS
CAPITAL = "/sapi/v1/capital"


def test_account_shows_free_and_locked_and_the_fees(world):
    world.rest(Side.SELL, 2_450_000, 150_000, account="momentum")
    assert world.get("/api/v3/account", "K-read") == {
        "makerCommission": 2,
        "takerCommission": 5,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": "0.00020000",
            "taker": "0.00050000",
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": START_MS,
        "accountType": "SPOT",
        "balances": [
            {"asset": "BTC", "free": "98.50000000", "locked": "1.50000000"},
            {"asset": "ETH", "free": "1000.00000000", "locked": "0.00000000"},
            {"asset": "USDT", "free": "1000000.00000000", "locked": "0.00000000"},
        ],
        "permissions": ["SPOT"],
        "uid": crc32(b"apex momentum"),
    }


def test_a_withdrawal_takes_the_value_at_once_and_then_runs_through_its_states(world):
    applied = world.post(f"{CAPITAL}/withdraw/apply?coin=USDT&address=0xabc&amount=1000.5&withdrawOrderId=w1")
    number = applied["id"]
    assert len(number) == 32
    assert world.exchange.balance("momentum", "USDT") == (99_899_950_000_000, 0)
    row = {
        "id": number,
        "amount": "1000.5",
        "transactionFee": "0",
        "coin": "USDT",
        "status": 2,
        "address": "0xabc",
        "txId": "",
        "applyTime": "2023-02-20 00:00:00",
        "network": "ETH",
        "transferType": 0,
        "info": "",
        "confirmNo": 0,
        "walletType": 0,
        "txKey": "",
        "withdrawOrderId": "w1",
    }
    assert world.get(f"{CAPITAL}/withdraw/history", "K-read") == [row]
    world.clock.run(31 * SECOND)
    assert world.get(f"{CAPITAL}/withdraw/history?coin=USDT", "K-read") == [{**row, "status": 4}]
    world.clock.run(300 * SECOND)
    done = world.get(f"{CAPITAL}/withdraw/history?status=6", "K-read")[0]
    assert done == {
        **row,
        "status": 6,
        "txId": done["txId"],
        "confirmNo": 2,
        "completeTime": "2023-02-20 00:05:30",
    }
    states = ["awaiting_approval", "processing", "completed"]
    assert world.audit.of("transfer") == [
        (number, "withdrawal", "USDT", 100_050_000_000, state, "w1") for state in states
    ]


def test_a_deposit_is_seen_credited_and_unlocked(world):
    world.api.wallet.deposit("momentum", "BTC", 150_000_000)
    row = world.get(f"{CAPITAL}/deposit/hisrec", "K-read")[0]
    assert row == {
        "id": row["id"],
        "amount": "1.5",
        "coin": "BTC",
        "network": "BTC",
        "status": 0,
        "address": row["address"],
        "addressTag": "",
        "txId": row["txId"],
        "insertTime": START_MS,
        "completeTime": None,
        "transferType": 0,
        "confirmTimes": "0/2",
        "unlockConfirm": 4,
        "walletType": 0,
    }
    assert world.get(f"{CAPITAL}/deposit/address?coin=BTC", "K-read") == {
        "address": row["address"],
        "coin": "BTC",
        "tag": "",
        "url": "",
    }
    assert world.exchange.balance("momentum", "BTC") == (100 * 10**8, 0)
    world.clock.run(300 * SECOND)
    assert world.exchange.balance("momentum", "BTC") == (101_50_000_000, 0)
    assert world.get(f"{CAPITAL}/deposit/hisrec", "K-read")[0]["status"] == 6
    world.clock.run(300 * SECOND)
    last = world.get(f"{CAPITAL}/deposit/hisrec", "K-read")[0]
    assert (last["status"], last["confirmTimes"], last["completeTime"]) == (1, "2/2", START_MS + 600_000)
    assert [body[-2] for body in world.audit.of("transfer")] == ["pending", "credited", "completed"]
    assert world.audit.of("posting")[-1] == ("BTC", "external", "momentum", 150_000_000, "deposit")


def test_a_withdrawal_beyond_the_free_balance_is_refused_and_leaves_no_trace(world):
    query = f"{CAPITAL}/withdraw/apply?coin=BTC&address=0xabc&amount=101"
    assert world.refusal("POST", query, "K-trade") == (400, -4026, "User has insufficient balance")
    assert world.get(f"{CAPITAL}/withdraw/history", "K-read") == []
    assert world.audit.of("transfer") == []


def test_coins_tell_the_balance_and_the_network(world):
    coins = world.get(f"{CAPITAL}/config/getall", "K-read")
    assert [(coin["coin"], coin["free"], coin["locked"]) for coin in coins] == [
        ("BTC", "100", "0"),
        ("ETH", "1000", "0"),
        ("USDT", "1000000", "0"),
    ]
    assert coins[2]["networkList"][0]["network"] == "ETH"
    assert coins[2]["networkList"][0]["unLockConfirm"] == 4


def test_a_master_lists_its_sub_accounts_and_their_assets(world):
    listed = world.get("/sapi/v1/sub-account/list?limit=200", "K-master")["subAccounts"]
    assert listed == [
        {
            "subUserId": listed[index]["subUserId"],
            "email": f"{name}_virtual@apex.example",
            "remark": name,
            "isFreeze": False,
            "createTime": START_MS,
            "isManagedSubAccount": False,
            "isAssetManagementSubAccount": False,
        }
        for index, name in enumerate(("momentum", "maker"))
    ]
    world.rest(Side.SELL, 2_450_000, 150_000, account="momentum")
    assets = world.get("/sapi/v4/sub-account/assets?email=momentum_virtual%40apex.example", "K-master")
    assert assets == {
        "balances": [
            {"asset": "BTC", "free": "98.5", "locked": "1.5", "freeze": "0", "withdrawing": "0"},
            {"asset": "ETH", "free": "1000", "locked": "0", "freeze": "0", "withdrawing": "0"},
            {"asset": "USDT", "free": "1000000", "locked": "0", "freeze": "0", "withdrawing": "0"},
        ]
    }
    assert world.refusal("GET", "/sapi/v4/sub-account/assets?email=x%40y.example", "K-master")[0] == 400


def test_own_trades_are_told_from_either_side(world):
    world.rest(Side.SELL, 2_450_000, 10_000, account="momentum")
    world.rest(Side.BUY, 2_450_000, 10_000, account="maker")
    row = world.get("/api/v3/myTrades?symbol=BTCUSDT", "K-read")[0]
    assert (row["isBuyer"], row["isMaker"], row["orderId"], row["commission"], row["commissionAsset"]) == (
        False,
        True,
        1,
        "0.49000000",
        "USDT",
    )
    assert world.get("/api/v3/myTrades?symbol=ETHBTC", "K-read") == []
    assert msgspec.json.encode(row)  # one plain object
