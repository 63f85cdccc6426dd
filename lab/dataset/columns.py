"""Columns: the five tables of a data set, each column with its type, its unit and its meaning.

``docs/reference/dataset.md`` is written from these; a test holds the two together.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

FORMAT = "riskproof-dataset/1"

Kind = Literal["int32", "int64", "float64", "string", "bool", "list<string>"]


class Column(NamedTuple):
    """One column. ``unit`` is "" where there is none; the meaning says when it is null, if it can be."""

    name: str
    kind: Kind
    unit: str
    meaning: str


_RUN = Column("run", "int32", "", "number of the run, as in `runs`")

RUNS = (
    _RUN,
    Column("world", "string", "", "market, start and seed: runs of one world share every price; split by this"),
    Column("scenario", "string", "", "name of the scenario"),
    Column("case", "string", "", "case of the scenario"),
    Column("seed", "int64", "", "seed"),
    Column("market", "string", "", "file of the market that was played"),
    Column("start_ns", "int64", "ns", "start of the run, Unix epoch; add it to any `…_ns` of the other tables"),
    Column("planned_ns", "int64", "ns", "planned length of the run"),
    Column("ended_ns", "int64", "ns", "end of the run, since its start"),
    Column("ended", "string", "", "`completed`, `stopped`, `interrupted`, `failed` or `killed`"),
    Column("verdict", "string", "", "`pass`, `fail` or `unknown`: of our monitor in this run"),
    Column("tags", "list<string>", "", "tags of the scenario"),
    Column("code", "string", "", "digest of the code that simulated it"),
)

WINDOWS = (
    _RUN,
    Column("injection", "string", "", "name of the injection in its scenario"),
    Column("fault", "string", "", "kind of harm"),
    Column("planned_ns", "int64", "ns", "when it was to begin; null: it hung on another injection that did not call"),
    Column("began_ns", "int64", "ns", "when it began; null: never"),
    Column("effect_ns", "int64", "ns", "first difference that a client of any venue could see; null: none"),
    Column("ended_ns", "int64", "ns", "when it ended; null: it lasted to the end of the run, or never began"),
    Column("refused", "bool", "", "whether the venue refused it"),
    Column("intensity", "float64", "", "as the fault counts it (500 bp: 0.05; ns; a factor); null: it has none"),
    Column("ramp_ns", "int64", "ns", "from nothing to full intensity"),
    Column("ramp_down_ns", "int64", "ns", "from full intensity back to nothing"),
    Column("scope", "string", "", "what it hits: JSON, by the names of the fault"),
    Column("parameters", "string", "", "its other parameters: JSON"),
)

DUE = (
    _RUN,
    Column("alert", "string", "", "mandate"),
    Column("asset", "string", "", "subject of the rule: an asset, a pair, a venue, an account, `firm`"),
    Column("severity", "string", "", "severity of the rule"),
    Column("bound", "string", "", "bound of the rule, as the limits file writes it"),
    Column("for_ns", "int64", "ns", "how long it must be in breach before an alert is owed"),
    Column("breach_ns", "int64", "ns", "when it was truly first in breach"),
    Column("due_ns", "int64", "ns", "when an alert was owed; null: the breach did not last"),
    Column("ended_ns", "int64", "ns", "when the breach was over; null: it lasted to the end of the run"),
    Column("peak", "float64", "see `unit`", "the value farthest beyond the bound"),
    Column("unit", "string", "", "unit of `bound` and `peak`"),
    Column("breaches", "int64", "", "breaches in this row: where there are very many, short gaps are closed"),
)

FEATURES = (
    _RUN,
    Column("at_ns", "int64", "ns", "when it reached the monitor, true time"),
    Column("venue", "string", "", "who sent it"),
    Column("account", "string", "", "whose it is; null: public"),
    Column("kind", "string", "", "what it is, see below"),
    Column("subject", "string", "", "pair, contract, asset, strategy, or path of a request"),
    Column("id", "string", "", "id of an order, a trade, a transfer, a settlement"),
    Column("side", "string", "", "`buy` or `sell`"),
    Column("bid", "float64", "quote per base", "best bid"),
    Column("bid_quantity", "float64", "base", "at the best bid; 0: that side is empty"),
    Column("ask", "float64", "quote per base", "best ask"),
    Column("ask_quantity", "float64", "base", "at the best ask; 0: that side is empty"),
    Column("price", "float64", "quote per base", "of a trade, a mark, an entry; of `index_price` USD"),
    Column("amount", "float64", "asset, or base", "what is held, moved, traded, owed; signed where the trade signs it"),
    Column("locked", "float64", "asset", "of a balance: held for open orders"),
    Column("settled", "float64", "asset", "of a settlement: moved so far, same sign as `amount`"),
    Column("fee", "float64", "asset", "fee of a trade or of a withdrawal"),
    Column("rate", "float64", "per interval", "funding rate of the running interval"),
    Column("number", "int64", "", "status of a reply, id of an update of a book, code of an answer"),
    Column("latency_ns", "int64", "ns", "from the request to its reply, or to giving up"),
    Column("venue_ms", "int64", "ms", "the time that the venue itself gives, Unix epoch by its own clock"),
    Column("text", "string", "", "a status or another word of the venue"),
)

OUTPUTS = (
    _RUN,
    Column("at_ns", "int64", "ns", "when the monitor said it"),
    Column("kind", "string", "", "`alert` or `action`"),
    Column("name", "string", "", "mandate of an alert, control of an action"),
    Column("subject", "string", "", "what it is about or acts on"),
    Column("severity", "string", "", "of an alert"),
    Column(
        "state", "string", "", "`pending`, `firing`, `resolved`, …; of an action `taken`, `done`, `failed`, `ended`"
    ),
    Column("id", "string", "", "the same for all states of one alert or action"),
    Column("observed", "float64", "see `unit`", "value that the monitor reckoned"),
    Column("limit", "float64", "see `unit`", "bound that it held it against"),
    Column("unit", "string", "", "unit of `observed` and `limit`"),
    Column("since_ns", "int64", "ns", "since when the monitor saw the breach"),
    Column("trigger", "string", "", "of an action: the alert or the reason that brought it about"),
    Column("truth", "string", "", "label, not output: `true`, `false`, `unknown`; null: it never fired"),
    Column(
        "in_control",
        "bool",
        "",
        "label, not output: whether it fires without the injection too; null: no control tells, or it never fired",
    ),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "runs": RUNS,
    "windows": WINDOWS,
    "due": DUE,
    "features": FEATURES,
    "outputs": OUTPUTS,
}
"""All tables, in the order in which they are described."""
