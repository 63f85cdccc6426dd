from __future__ import annotations

from typing import Any

import pytest

from simulators.ledger import UNITS

VAULT = {"type": "VAULT_ACCOUNT", "id": "0"}
APEX = {"type": "EXCHANGE_ACCOUNT", "id": "apex"}
WALLET = {"type": "EXTERNAL_WALLET", "id": "bank"}


def body(source: Any, destination: Any, amount: Any = "10", asset: str = "BTC", **more: Any) -> dict[str, Any]:
    return {"assetId": asset, "source": source, "destination": destination, "amount": amount, **more}


def life(world: Any) -> list[tuple[str, str, int, str]]:
    """``(direction, asset, whole amount, status)`` of every transfer record."""
    return [
        (direction, asset, amount // UNITS, status)
        for _, _, _, _, _, direction, asset, amount, status, _ in world.audit.of("transfer")
    ]


def wallet(world: Any, asset: str = "BTC") -> tuple[str, str, str, str]:
    _, shown = world.ask("GET", f"/v1/vault/accounts/0/{asset}")
    return shown["total"], shown["available"], shown["lockedAmount"], shown["pending"]


def test_a_withdrawal_is_locked_when_screened_and_leaves_when_confirmed(world: Any) -> None:
    status, made = world.ask("POST", "/v1/transactions", body=body(VAULT, WALLET))
    assert (status, made["status"]) == (200, "SUBMITTED")
    assert wallet(world) == ("100", "100", "0", "0")
    world.kernel.run_until(world.kernel.now_ns + 10 * 10**9)
    assert wallet(world) == ("100", "90", "10", "0")
    world.run_to("2023-02-20", 8)
    assert wallet(world) == ("90", "90", "0", "0")
    steps = ["submitted", "pending_authorization", "confirming", "completed"]
    assert life(world) == [("withdrawal", "BTC", 10, step) for step in steps]
    assert world.audit.of("posting")[-1][2:] == (
        "keystone",
        _number_of(world, "confirming"),
        "BTC",
        "treasury",
        "external",
        10 * UNITS,
        "withdrawal",
    )


def _number_of(world: Any, status: str) -> int:
    (number,) = (i for i, record in enumerate(world.audit.all, 1) if record[0] == "transfer" and record[-2] == status)
    return number


def test_a_transfer_to_an_exchange_leaves_one_ledger_and_reaches_the_other_at_once(world: Any) -> None:
    world.ask("POST", "/v1/transactions", body=body(VAULT, APEX))
    world.run_to("2023-02-20", 8)
    assert world.custodian.ledger.balance("treasury", "BTC") == (90 * UNITS, 0)
    assert world.apex.ledger.balance("firm", "BTC") == (15 * UNITS, 0)
    moments = {record[1] for record in world.audit.of("posting") if record[-1] == "transfer"}
    assert len(moments) == 1


def test_a_transfer_from_an_exchange_fails_when_the_money_is_gone(world: Any) -> None:
    world.ask("POST", "/v1/transactions", body=body(APEX, VAULT, 4))
    world.ask("POST", "/v1/transactions", body=body(APEX, VAULT, 4))
    world.run_to("2023-02-20", 8)
    final = sorted(status for _, _, _, status in life(world)[-2:])
    assert final == ["completed", "failed"]
    assert world.custodian.ledger.balance("treasury", "BTC") == (104 * UNITS, 0)
    assert world.apex.ledger.balance("firm", "BTC") == (1 * UNITS, 0)


def test_a_withdrawal_without_funds_fails_and_locks_nothing(world: Any) -> None:
    world.ask("POST", "/v1/transactions", body=body(VAULT, WALLET, "100.00000001"))
    world.run_to("2023-02-20", 8)
    _, (shown,) = world.ask("GET", "/v1/transactions")
    assert (shown["status"], shown["subStatus"]) == ("FAILED", "INSUFFICIENT_FUNDS")
    assert wallet(world) == ("100", "100", "0", "0")


def test_the_policy_rejects_what_is_above_its_limit_and_unlocks_it(world: Any) -> None:
    world.ask("POST", "/v1/transactions", body=body(VAULT, WALLET, 51))
    world.run_to("2023-02-20", 8)
    assert [status for _, _, _, status in life(world)] == ["submitted", "pending_authorization", "rejected"]
    assert wallet(world) == ("100", "100", "0", "0")


@pytest.mark.parametrize("waited_ns", [0, 10 * 10**9])
def test_a_transfer_can_be_taken_back_before_it_is_approved(world: Any, waited_ns: int) -> None:
    _, made = world.ask("POST", "/v1/transactions", body=body(VAULT, WALLET))
    world.kernel.run_until(world.kernel.now_ns + waited_ns)
    assert world.ask("POST", f"/v1/transactions/{made['id']}/cancel") == (200, {"success": True})
    world.run_to("2023-02-20", 9)
    assert life(world)[-1] == ("withdrawal", "BTC", 10, "cancelled")
    assert wallet(world) == ("100", "100", "0", "0")
    status, refused = world.ask("POST", f"/v1/transactions/{made['id']}/cancel")
    assert (status, refused["message"]) == (400, "A transaction in status CANCELLED cannot be cancelled")


def test_a_deposit_from_outside_is_pending_until_it_is_confirmed(world: Any) -> None:
    world.custodian.receive_deposit(world.master, "ETH", 7 * UNITS)
    assert wallet(world, "ETH") == ("0", "0", "0", "7")
    world.run_to("2023-02-20", 8)
    assert wallet(world, "ETH") == ("7", "7", "0", "0")
    assert life(world) == [("deposit", "ETH", 7, "confirming"), ("deposit", "ETH", 7, "completed")]
    assert world.audit.of("posting")[-1][4:] == ("ETH", "external", "treasury", 7 * UNITS, "deposit")


REFUSALS = [
    (b"{", 400, 1400, "Invalid transaction request"),
    (body(VAULT, WALLET, "ten"), 400, 1400, "is not a decimal amount"),
    (body(VAULT, WALLET, "0.123456789"), 400, 1400, "more than 8 decimals"),
    (body(VAULT, WALLET, "NaN"), 400, 1400, "Invalid transaction request"),
    (body(VAULT, WALLET, -1), 400, 1400, "greater than zero"),
    (body(VAULT, WALLET, asset="DOGE"), 400, 1503, "The asset 'DOGE' is not supported"),
    (body(VAULT, {"type": "EXCHANGE_ACCOUNT", "id": "nowhere"}), 404, 1404, "nowhere was not found"),
    (body({"type": "VAULT_ACCOUNT", "id": "9"}, WALLET), 404, 11001, "The Provided Vault Account ID is invalid: 9"),
    (body(VAULT, {"type": "ONE_TIME_ADDRESS"}), 400, 1400, "needs an address"),
    (body(VAULT, {"type": "FIAT_ACCOUNT"}), 400, 1400, "needs an id"),
    (body(WALLET, VAULT), 400, 1400, "Transfers from EXTERNAL_WALLET to VAULT_ACCOUNT are not supported"),
    (body(VAULT, WALLET, operation="BURN"), 400, 1400, "Operation BURN"),
]


@pytest.mark.parametrize(("asked", "status", "code", "text"), REFUSALS)
def test_a_request_that_makes_no_sense_is_refused_and_leaves_no_trace(
    world: Any, asked: Any, status: int, code: int, text: str
) -> None:
    before = len(world.audit.all)
    answered, error = world.ask("POST", "/v1/transactions", body=asked)
    assert (answered, error["code"]) == (status, code)
    assert text in error["message"]
    assert len(world.audit.all) == before
    assert world.ask("GET", "/v1/transactions") == (200, [])


def test_the_same_external_id_is_accepted_once(world: Any) -> None:
    asked = body(VAULT, WALLET, 1, externalTxId="payment-1")
    assert world.ask("POST", "/v1/transactions", body=asked)[0] == 200
    status, error = world.ask("POST", "/v1/transactions", body=asked)
    assert (status, error["code"]) == (400, 1438)


def test_an_account_opens_with_assets_the_custodian_holds_only(world: Any) -> None:
    with pytest.raises(ValueError, match="keystone does not hold DOGE"):
        world.custodian.open_account("reserve", {"DOGE": "1"})
