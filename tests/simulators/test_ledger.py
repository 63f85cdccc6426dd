from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.ledger import EXTERNAL, UNITS, Ledger, Overdraft, to_text, to_units


class Records:
    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def record(self, kind: str, source: str, cause: int, *body: Any) -> int:
        self.all.append((kind, source, cause, *body))
        return len(self.all)


def test_opening_balances_are_owed_by_the_outside_world_and_recorded() -> None:
    records = Records()
    ledger = Ledger("apex", records)
    ledger.open_account("desk", "firm", {"BTC": 3 * UNITS, "USD": 0}, cause=7)
    assert ledger.balance("desk", "BTC") == (3 * UNITS, 0)
    assert ledger.balance(EXTERNAL, "BTC") == (-3 * UNITS, 0)
    assert records.all == [
        ("account", "apex", 0, "external", "external"),
        ("account", "apex", 7, "desk", "firm"),
        ("posting", "apex", 7, "BTC", "external", "desk", 3 * UNITS, "opening"),
    ]
    assert ledger.assets() == ["BTC", "USD"]


def test_a_client_cannot_spend_what_it_lacks_and_nothing_moves_then() -> None:
    ledger = Ledger("apex")
    ledger.open_account("desk", "firm", {"USD": 10})
    ledger.open_account("fund", "firm")
    ledger.hold("desk", "USD", 4)
    with pytest.raises(Overdraft, match=r"desk has 0\.00000006 USD free, 0\.00000007 were asked for"):
        ledger.move("USD", "desk", "fund", 7, "transfer")
    assert ledger.balance("desk", "USD") == (6, 4)
    assert ledger.balance("fund", "USD") == (0, 0)


@pytest.mark.parametrize("owner", ["street", "external", "venue", "transit"])
def test_the_rest_of_the_world_may_owe(owner: Any) -> None:
    ledger = Ledger("apex")
    ledger.open_account("them", owner)
    ledger.open_account("desk", "firm")
    ledger.move("USD", "them", "desk", 5, "transfer")
    assert ledger.balance("them", "USD") == (-5, 0)


def test_what_is_held_can_be_released_once() -> None:
    ledger = Ledger("apex")
    ledger.open_account("desk", "firm", {"USD": 10})
    ledger.hold("desk", "USD", 10)
    ledger.release("desk", "USD", 10)
    assert ledger.balance("desk", "USD") == (10, 0)
    with pytest.raises(Overdraft):
        ledger.release("desk", "USD", 1)
    with pytest.raises(Overdraft):
        ledger.hold("desk", "USD", 11)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_to_move_is_positive(amount: int) -> None:
    ledger = Ledger("apex")
    ledger.open_account("desk", "firm")
    with pytest.raises(ValueError, match="must be positive"):
        ledger.move("USD", EXTERNAL, "desk", amount, "transfer")


def test_an_account_is_opened_once() -> None:
    ledger = Ledger("apex")
    with pytest.raises(ValueError, match="is open already"):
        ledger.open_account(EXTERNAL, "external")


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "1e400", "1.000000001", "0.1000000000000000000000000000000001"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a|more than 8 decimals"):
        to_units(text)


@given(st.integers(-(10**26) + 1, 10**26 - 1))
def test_text_and_units_are_the_same_amount(units: int) -> None:
    assert to_units(to_text(units)) == units


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("XY"), st.integers(1, 60)),
        max_size=30,
    )
)
def test_every_asset_adds_up_to_zero_whatever_is_moved(moves: list[tuple[str, str, str, int]]) -> None:
    ledger = Ledger("apex")
    ledger.open_account("a", "firm", {"X": 100})
    ledger.open_account("b", "firm", {"Y": 100})
    ledger.open_account("c", "transit")
    for source, target, asset, amount in moves:
        try:
            ledger.move(asset, source, target, amount, "transfer")
        except Overdraft:
            assert source in "ab"
        for name in ("a", "b"):
            assert min(ledger.balance(name, "X") + ledger.balance(name, "Y")) >= 0
        assert [ledger.total(asset) for asset in ledger.assets()] == [0, 0]
