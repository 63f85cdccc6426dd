"""The firm as a whole: every place where it holds something, looked at together."""

from __future__ import annotations

from collections.abc import Callable

from risk_monitor.account_desk import AccountDesk
from risk_monitor.agenda import NEVER_NS
from risk_monitor.alerts import MAX_EVIDENCE, Evidence
from risk_monitor.books.accounts import Ledgers
from risk_monitor.books.custody import CustodyBook
from risk_monitor.books.holdings import ZERO
from risk_monitor.books.marks import MarkBook, Quote
from risk_monitor.books.perpetuals import legs_of
from risk_monitor.books.suspense import Entry, Explained, Seen
from risk_monitor.config import MonitorConfig, VenueConfig
from risk_monitor.custody_reader import CustodyReader
from risk_monitor.derivatives_desk import DerivativesDesk
from risk_monitor.exchange_desk import ExchangeDesk
from risk_monitor.limits import Limits
from risk_monitor.rules import Subjects
from risk_monitor.tape import AccountTape


def universe(config: MonitorConfig, limits: Limits) -> tuple[str, ...]:
    """Every asset that a watched pair or a limit speaks of, sorted, USD among them."""
    assets = {"USD", "USDT", *limits.stablecoins, *(asset for asset, _ in limits.structural)}
    for venue in config.venues:
        for pair in venue.pairs:
            assets.update(legs_of(pair))
    for cluster in limits.clusters:
        assets.update(cluster.assets)
    for mandate in limits.mandates:
        for entry in mandate.subjects:
            if entry.subject in mandate.spec.words:
                continue
            if mandate.spec.subjects is Subjects.ASSET:
                assets.add(entry.subject)
            elif mandate.spec.subjects is Subjects.ASSET_PAIR:
                assets.update(entry.subject.split("~"))
    return tuple(sorted(assets))


def custody_books(custodians: tuple[VenueConfig, ...], ledgers: Ledgers) -> tuple[CustodyBook, ...]:
    return tuple(CustodyBook(venue.name, ledgers) for venue in custodians)


class FirmViews:
    """Exchanges and custodians by name. Answers what the suspense account asks, and names evidence."""

    def __init__(self) -> None:
        self.exchanges: dict[str, ExchangeDesk] = {}
        self.derivatives: dict[str, DerivativesDesk] = {}
        self.custodians: dict[str, CustodyReader] = {}

    def custody_seen_ns(self) -> int:
        return min((reader.book.seen_ns for reader in self.custodians.values()), default=NEVER_NS)

    def exchange_seen_ns(self, venue: str) -> int:
        """Of an exchange that is not watched nothing will ever be seen, so nothing is waited for."""
        exchange = self.exchanges.get(venue)
        return exchange.seen_ns if exchange else NEVER_NS

    def tapes(self) -> tuple[AccountTape, ...]:
        """What the orders of each account at an exchange do."""
        margined = tuple(desk.tape for venue in self.derivatives.values() for desk in venue.accounts)
        return tuple(desk.tape for desk in self._accounts()) + margined

    def heard_ns(self) -> int:
        """When something was last heard of the account or custodian that has been silent longest, -1 for never."""
        oldest_ns = NEVER_NS
        for exchange in self.exchanges.values():
            for account in exchange.accounts:
                if account.heard_ns < oldest_ns:
                    oldest_ns = account.heard_ns
        for venue in self.derivatives.values():
            for desk in venue.accounts:
                if desk.heard_ns < oldest_ns:
                    oldest_ns = desk.heard_ns
        for reader in self.custodians.values():
            if reader.book.seen_ns < oldest_ns:
                oldest_ns = reader.book.seen_ns
        return oldest_ns

    def heard(self) -> tuple[tuple[str, int], ...]:
        """For each account at an exchange and each custodian: when anything was last heard of it, -1 for never."""
        accounts = tuple((f"{desk.book.venue}:{desk.book.name}", desk.heard_ns) for desk in self._accounts())
        accounts += tuple(
            (f"{venue.name}:{desk.account.name}", desk.heard_ns)
            for venue in self.derivatives.values()
            for desk in venue.accounts
        )
        return accounts + tuple((name, reader.book.seen_ns) for name, reader in self.custodians.items())

    def hurry_custody(self, now_ns: int) -> None:
        for reader in self.custodians.values():
            reader.hurry(now_ns)

    def look_again(self, now_ns: int, entry: Entry) -> None:
        if entry.seen is not Seen.INSTRUCTED:
            self.hurry_custody(now_ns)
        if entry.seen is Seen.AT_EXCHANGE:
            account = self._account(entry)
            if account is not None and entry.reviews == 0:
                account.ask_history(now_ns, entry.asset)
        elif entry.reviews:
            # An exchange's streams tell of its half by themselves; it is asked only if they have not.
            for name, exchange in self.exchanges.items():
                if entry.seen is Seen.IN_CUSTODY or name == entry.venue:
                    for desk in exchange.accounts:
                        desk.hurry(now_ns)

    def explain(self, entry: Entry) -> Explained:
        if entry.seen is Seen.INSTRUCTED:
            return Explained.NOT
        for reader in self.custodians.values():
            explained = reader.book.explain(entry.seen, entry.asset, entry.amount)
            if explained is not Explained.NOT:
                return explained
        if entry.seen is Seen.AT_EXCHANGE and (account := self._account(entry)) is not None:
            return account.explain(entry.asset, entry.amount)
        return Explained.NOT

    def account_evidence(self, venue: str) -> Evidence:
        """The accounts of one exchange, the one that was seen least recently first."""

        def evidence() -> tuple[str, ...]:
            accounts = sorted(self.exchanges[venue].accounts, key=lambda desk: desk.book.seen_ns)
            return tuple(desk.book.evidence() for desk in accounts[:MAX_EVIDENCE])

        return evidence

    def margin_evidence(self, venue: str) -> Evidence:
        """The margin accounts of one derivatives exchange, the one that was seen least recently first."""
        return lambda: self.derivatives[venue].evidence()

    def custody_evidence(self, book: CustodyBook) -> Evidence:
        return lambda: (book.evidence(),)

    def asset_evidence(self, marks: MarkBook) -> Callable[[str], Evidence]:
        """Who holds most of an asset, and what it is priced by."""

        def evidence_of(asset: str) -> Evidence:
            def evidence() -> tuple[str, ...]:
                places = [(desk.book.totals.get(asset, ZERO), desk.book.evidence()) for desk in self._accounts()]
                places += [
                    (reader.book.balances.get(asset, ZERO), reader.book.evidence()) for reader in self._readers()
                ]
                holders = sorted((-abs(amount), text) for amount, text in places if amount)
                quotes = tuple(quote.evidence() for quote in marks.quotes_behind(asset))
                return tuple(text for _, text in holders[: MAX_EVIDENCE - len(quotes)]) + quotes

            return evidence

        return evidence_of

    def firm_evidence(self, quotes: tuple[Quote, ...]) -> Evidence:
        """Equity is made of everything: the latest quotes and the custodians' views stand for it."""

        def evidence() -> tuple[str, ...]:
            in_usd = tuple(quote.evidence() for quote in quotes if quote.pair.endswith("/USD"))
            return tuple(reader.book.evidence() for reader in self._readers()) + in_usd

        return evidence

    def _accounts(self) -> list[AccountDesk]:
        return [desk for exchange in self.exchanges.values() for desk in exchange.accounts]

    def _readers(self) -> list[CustodyReader]:
        return list(self.custodians.values())

    def _account(self, entry: Entry) -> AccountDesk | None:
        exchange = self.exchanges.get(entry.venue)
        return exchange.account(entry.account) if exchange else None
