"""Containment: whether harm was stopped in time, at bearable cost, once it had become due.

Whose orders are the harm follows from what the expectation and its injection name; how it went is looked up in a second
pass over the audit plane, because when it was due is known only after the first.
"""

from __future__ import annotations

from correlator.acting import accounts_of
from correlator.asking import Found
from correlator.case import Case
from correlator.expectations import Containment
from correlator.journal import Journal, Plane
from correlator.limits import Limits
from correlator.truth.gauge import GaugeBoard
from correlator.truth.series import Buckets
from correlator.truth.stretch import Stretch
from correlator.truth.uncontained import Course, Harm, Uncontained
from correlator.truth.world import World
from correlator.verdict import ContainmentOutcome, Outcome, Verdict, worst

_EVERY = "*"
_NO_LIMITS = Limits({}, (), {})


def harm_of(case: Case, found: Found) -> Harm | None:
    """What is to be contained; None if nothing is asked, nothing was due, or nobody's orders are concerned."""
    if found.asked.expectation.contain is None or found.due_ns is None:
        return None
    accounts, strategies = _concerned(case, found)
    if not accounts:
        return None
    over_ns = _over_ns(case, found)
    # An order of the last moment counts, and so does what is lost in it.
    until_ns = case.end_ns + 1 if over_ns is None else over_ns
    return Harm(found.due_ns, until_ns, frozenset(accounts), strategies)


def look_again(journal: Journal, harms: list[Harm]) -> list[Course]:
    """Follow each harm through the audit plane."""
    followed = [Uncontained(harm) for harm in harms]
    if not followed:
        return []
    header = journal.header
    failures: dict[str, str] = {}
    world = World(
        _NO_LIMITS, GaugeBoard(_NO_LIMITS, Buckets(header.start_ns, header.end_ns)), header.start_ns, failures
    )

    def on_stretch(stretch: Stretch) -> None:
        for each in followed:
            each.evaluate(stretch)

    world.watchers.append(on_stretch)
    until_ns = max(harm.until_ns for harm in harms)
    reached_ns = header.start_ns
    for frame in journal.frames():
        if frame.head.plane != Plane.AUDIT:
            continue
        if frame.head.first_ns > until_ns:
            break
        records = frame.audit()
        reached_ns = frame.head.last_ns
        for each in followed:
            for record in records:
                each.take(record)
        world.take(records)
    world.finish(max(reached_ns, until_ns))
    return [each.course() for each in followed]


def judge_containment(case: Case, found: Found, course: Course | None) -> ContainmentOutcome | None:
    """Hold how it went against what the scenario asks."""
    asked = found.asked.expectation.contain
    if asked is None:
        return None
    if found.due_ns is None:
        return _outcome(case, asked, "unknown", "never_due", "nothing was due that could have been contained")
    accounts, _ = _concerned(case, found)
    if course is None:
        return _outcome(case, asked, "unknown", "not_judged", "nobody is known whose orders would be the harm")
    over_ns = _over_ns(case, found)
    contained_ns = over_ns if course.contained_ns is None else course.contained_ns
    judged = [
        each
        for each in (
            _judge_time(case, asked, found.due_ns, course, over_ns),
            _judge_loss(asked, course, contained_ns),
            _judge_orders(case, asked, found.due_ns, course, over_ns),
        )
        if each is not None
    ]
    wanted = worst(verdict for verdict, _, _ in judged)
    verdict, outcome, reason = next(each for each in judged if each[0] == wanted)
    return ContainmentOutcome(
        verdict=verdict,
        outcome=outcome,
        reason=reason,
        accounts=[f"{venue}:{account}" for venue, account in accounts],
        due_at_s=case.at_s(found.due_ns),
        contained_at_s=case.at_s(contained_ns),
        to_contain_s=None if contained_ns is None else round((contained_ns - found.due_ns) / 1e9, 6),
        over_at_s=case.at_s(over_ns),
        orders=course.orders,
        last_order_at_s=case.at_s(course.last_order_ns),
        loss_usd=None if course.loss_usd is None else round(course.loss_usd, 2),
        within_s=_seconds(asked.within_ns),
        loss_below_usd=asked.loss_below_usd,
        no_orders_after_s=_seconds(asked.no_orders_after_ns),
    )


_Judged = tuple[Verdict, Outcome, str]


def _judge_time(case: Case, asked: Containment, due_ns: int, course: Course, over_ns: int | None) -> _Judged | None:
    if asked.within_ns is None:
        return None
    deadline_ns = due_ns + asked.within_ns
    by_itself = course.contained_ns is None
    contained_ns = over_ns if course.contained_ns is None else course.contained_ns
    if contained_ns is not None and contained_ns > deadline_ns:
        late = f"{(contained_ns - deadline_ns) / 1e9:.3f} s after its deadline"
        if by_itself:
            return "fail", "not_contained", f"contained only when the harm was over by itself, {late}"
        if course.last_order_ns is not None and course.last_order_ns > deadline_ns:
            return (
                "fail",
                "not_contained",
                f"contained {late}: orders went on until {case.at_s(course.last_order_ns)} s",
            )
        return "fail", "not_contained", f"contained {late}: until then an order stood in a book"
    if case.end_ns < deadline_ns:
        return "unknown", "interrupted", "the run ended before it had to be contained"
    if contained_ns is None:
        return "fail", "not_contained", "never contained: orders stood in the books to the end"
    how = " because the harm was over by itself" if by_itself else ""
    return "pass", "detected", f"contained{how} by its deadline"


def _judge_loss(asked: Containment, course: Course, contained_ns: int | None) -> _Judged | None:
    if asked.loss_below_usd is None:
        return None
    loss = course.loss_usd
    if loss is None:
        return "unknown", "not_judged", "what was lost cannot be told: equity was undefined"
    if loss >= asked.loss_below_usd:
        return "fail", "lost_too_much", f"{loss:,.2f} USD were lost while it was uncontained"
    if contained_ns is None:
        return "unknown", "interrupted", f"uncontained to the end: what {loss:,.2f} USD would have come to is not told"
    return "pass", "detected", f"{loss:,.2f} USD were lost while it was uncontained"


def _judge_orders(case: Case, asked: Containment, due_ns: int, course: Course, over_ns: int | None) -> _Judged | None:
    if asked.no_orders_after_ns is None:
        return None
    from_ns = due_ns + asked.no_orders_after_ns
    if course.last_order_ns is not None and course.last_order_ns > from_ns:
        late_s = (course.last_order_ns - from_ns) / 1e9
        return "fail", "orders_went_on", f"an order was accepted {late_s:.3f} s after there were to be none"
    if over_ns is None and case.end_ns < from_ns:
        return "unknown", "interrupted", "the run ended before orders had to cease"
    return "pass", "detected", "no order was accepted after there were to be none"


def _concerned(case: Case, found: Found) -> tuple[list[tuple[str, str]], frozenset[str] | None]:
    """The accounts whose orders are the harm, and the strategies behind them (None: whoever it is).

    What the expectation names comes first, then what the injection was done to, then every account that is traded.
    """
    subject = found.asked.expectation.asset
    names = [strategy.name for strategy in case.resolved.firm.strategies]
    every = list(dict.fromkeys(accounts_of(case, names)))
    if subject in names:
        return accounts_of(case, (subject,)), frozenset((subject,))
    if subject is not None and tuple(subject.split(":")) in every:
        venue, _, account = subject.partition(":")
        return [(venue, account)], None
    chosen = {known.name for known in found.asked.injections}
    scopes = [plan.scope for plan in case.resolved.timeline if plan.inject in chosen]
    strategies = list(dict.fromkeys(word for scope in scopes for word in _words(scope.get("strategy"))))
    accounts = [
        (venue, account)
        for scope in scopes
        for venue in _words(scope.get("venue"))
        for account in _words(scope.get("account"))
    ]
    if subject == _EVERY or not (strategies or accounts):
        return every, None
    if accounts:
        return list(dict.fromkeys((*accounts, *accounts_of(case, strategies)))), None
    return accounts_of(case, strategies), frozenset(strategies)


def _words(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def _over_ns(case: Case, found: Found) -> int | None:
    """When the harm was over of itself, after it was due: its injections ended, or else its breach; None: never."""
    assert found.due_ns is not None
    ends = [known.ended_ns for known in found.asked.injections]
    if ends and all(end_ns is not None for end_ns in ends):
        over_ns = max(end_ns for end_ns in ends if end_ns is not None)
        if over_ns > found.due_ns:
            return over_ns if over_ns < case.end_ns else None
        breach_ns = found.breach.ends_ns if found.breach is not None else None
        return breach_ns if breach_ns is not None and breach_ns > found.due_ns else None
    return None


def _outcome(case: Case, asked: Containment, verdict: Verdict, outcome: Outcome, reason: str) -> ContainmentOutcome:
    return ContainmentOutcome(
        verdict=verdict,
        outcome=outcome,
        reason=reason,
        within_s=_seconds(asked.within_ns),
        loss_below_usd=asked.loss_below_usd,
        no_orders_after_s=_seconds(asked.no_orders_after_ns),
    )


def _seconds(span_ns: int | None) -> float | None:
    return None if span_ns is None else span_ns / 1e9
