"""Pages of a Coin Metrics-like series: which rows a request gets, and how it asks for the next ones."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

import msgspec

from simulators.market_data.web import Query, parse_time

DEFAULT_PAGE_SIZE = 100
_LARGEST_PAGE_SIZE = 10_000
_FAR_FUTURE_NS = 1 << 62


class BadRequest(Exception):
    """A parameter that is missing or makes no sense."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def bad_parameter(name: str, value: str) -> BadRequest:
    return BadRequest("bad_parameter", f"Bad parameter '{name}'. Value '{value}' is not supported.")


def needed(query: Query, name: str) -> str:
    value = query.get(name, "")
    if not value:
        raise BadRequest("missing_parameter", f"Missing parameter '{name}'.")
    return value


class Row(msgspec.Struct, frozen=True):
    """One row with what orders it: the entity (asset, market, pair), its time, and a number among equals."""

    entity: str
    at_ns: int
    number: int
    body: dict[str, object]

    @property
    def key(self) -> tuple[str, int, int]:
        return self.entity, self.at_ns, self.number


class Page(msgspec.Struct, frozen=True):
    """What a request wants of a series. Rows come ordered by entity, then time; the first page is the end of it unless
    ``paging_from=start``."""

    query: Query
    size: int
    from_start: bool
    since_ns: int
    until_ns: int
    limit_per_entity: int
    after: tuple[str, int, int] | None

    @classmethod
    def of(cls, query: Query) -> Page:
        """Read the paging parameters. Raises BadRequest."""
        size = _count(query, "page_size", DEFAULT_PAGE_SIZE)
        if not 1 <= size <= _LARGEST_PAGE_SIZE:
            raise bad_parameter("page_size", query["page_size"])
        paging_from = query.get("paging_from", "end")
        if paging_from not in ("start", "end"):
            raise bad_parameter("paging_from", paging_from)
        limit = next((_count(query, name, 0) for name in sorted(query) if name.startswith("limit_per_")), 0)
        return cls(
            query,
            size,
            paging_from == "start",
            _moment(query, "start_time", 0),
            _moment(query, "end_time", _FAR_FUTURE_NS),
            limit,
            _place(query.get("next_page_token", "")),
        )

    @property
    def newest_per_entity(self) -> int:
        """If only the last so many rows of each entity can be on the page, how many; else 0."""
        is_open_ended = self.until_ns == _FAR_FUTURE_NS and self.after is None
        return self.limit_per_entity if is_open_ended and not self.from_start else 0

    def cut(self, rows: list[Row], path: str, host: str) -> dict[str, object]:
        """The reply's body: the rows of this page, and the way to the next if there is one."""
        rows = sorted((row for row in rows if self.since_ns <= row.at_ns <= self.until_ns), key=lambda row: row.key)
        if self.limit_per_entity:
            rows = self._limited(rows)
        if self.after is not None:
            after = self.after
            rows = [row for row in rows if (row.key > after if self.from_start else row.key < after)]
        page = rows[: self.size] if self.from_start else rows[-self.size :]
        body: dict[str, object] = {"data": [row.body for row in page]}
        if len(page) < len(rows):
            entity, at_ns, number = (page[-1] if self.from_start else page[0]).key
            token = base64.urlsafe_b64encode(f"{entity}|{at_ns}|{number}".encode()).decode().rstrip("=")
            body["next_page_token"] = token
            body["next_page_url"] = f"https://{host}{path}?{urlencode({**self.query, 'next_page_token': token})}"
        return body

    def _limited(self, rows: list[Row]) -> list[Row]:
        """The first or last so many rows of each entity, by where paging starts."""
        kept: list[Row] = []
        for entity in dict.fromkeys(row.entity for row in rows):
            own = [row for row in rows if row.entity == entity]
            kept += own[: self.limit_per_entity] if self.from_start else own[-self.limit_per_entity :]
        return kept


def _count(query: Query, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_parameter(name, text)
    return int(text)


def _moment(query: Query, name: str, default_ns: int) -> int:
    text = query.get(name)
    if text is None:
        return default_ns
    at_ns = parse_time(text)
    if at_ns is None:
        raise bad_parameter(name, text)
    return at_ns


def _place(token: str) -> tuple[str, int, int] | None:
    if not token:
        return None
    try:
        entity, at_ns, number = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split("|")
        return entity, int(at_ns), int(number)
    except (binascii.Error, ValueError) as error:
        raise bad_parameter("next_page_token", token) from error
