from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.exchange.book import BookSide
from simulators.exchange.order import Order
from simulators.exchange.types import OrderType, Side, TimeInForce


def order(order_id: int, price_ticks: int, lots: int = 1) -> Order:
    return Order(order_id, "", "ada", 0, Side.BUY, OrderType.LIMIT, TimeInForce.GTC, price_ticks, lots, 0, 0)


def queue(side: BookSide) -> list[int]:
    """The ids of a side's orders in the order in which they would be served."""
    ids = []
    for key in reversed(side.keys):
        node: Order | None = side.levels[key].first
        before = None
        while node is not None:
            assert node.earlier is before
            ids.append(node.order_id)
            before, node = node, node.later
        assert side.levels[key].last is before
    return ids


steps = st.lists(st.tuples(st.sampled_from(["add", "add", "remove", "first"]), st.integers(0, 10**6)), max_size=60)


@given(st.sampled_from([1, -1]), steps)
def test_orders_are_served_by_price_and_then_by_time(sign: int, steps: list[tuple[str, int]]) -> None:
    side = BookSide(sign)
    resting: list[Order] = []
    for number, (step, draw) in enumerate(steps):
        if step == "add":
            joining = order(number, price_ticks=100 + draw % 5, lots=1 + draw % 7)
            side.add(joining)
            resting.append(joining)
        elif resting and step == "remove":
            leaving = resting.pop(draw % len(resting))
            side.remove(leaving)
            assert leaving.earlier is None
            assert leaving.later is None
        elif side.best is not None and step == "first":
            leaving = side.best.first
            side.remove_first(side.best)
            resting.remove(leaving)
            assert leaving.later is None
        resting.sort(key=lambda each: (-each.price_ticks * sign, each.order_id))
        assert queue(side) == [each.order_id for each in resting]
        assert (side.best.first if side.best else None) is (resting[0] if resting else None)
        for level in side.levels.values():
            assert level.lots == sum(each.open_lots for each in resting if each.price_ticks == level.price_ticks)


def test_a_side_that_empties_keeps_nothing() -> None:
    side = BookSide(1)
    for number in range(1_000):
        leaving = order(number, price_ticks=number + 1)
        side.add(leaving)
        side.remove(leaving)
    assert (side.keys, side.levels, side.best) == ([], {}, None)
