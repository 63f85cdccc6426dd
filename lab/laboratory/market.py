"""The market of an experiment: bars loaded, checked against what the venues list, and the run's times fixed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lab.laboratory.kernel import Streams
from lab.scenario.model import Experiment
from lab.scenario.units import format_instant
from simulators.market_data.world.errors import MarketError
from simulators.market_data.world.importers import load_bars
from simulators.market_data.world.path import HOUR_NS
from simulators.market_data.world.world import World


def load_world(experiment: Experiment, streams: Streams) -> World:
    """The experiment's world of prices. Raises ``MarketError``."""
    directory = Path(experiment.market.directory)
    config = experiment.market.config
    return World(config, load_bars(config, directory, streams), streams)


def settle_times(experiment: Experiment) -> Experiment:
    """The experiment with its start fixed, after everything that only the market's data can tell has been checked.

    Raises:
        MarketError: a bar is damaged, a listed pair has no price, or the run does not fit into the market's days.
    """
    world = load_world(experiment, Streams(experiment.seed))
    for exchange in experiment.firm.exchanges:
        for listing in exchange.config.listings:
            world.ticks(exchange.name, listing.symbol, world.starts_ns // HOUR_NS)
    starts_ns = world.starts_ns if experiment.start_ns is None else experiment.start_ns
    ends_ns = starts_ns + experiment.duration_ns
    for field, edge, at_ns in (("market.start", "a start", starts_ns), ("duration", "an end", ends_ns)):
        if not world.starts_ns <= at_ns <= world.ends_ns:
            days = (
                f"a run within {format_instant(world.starts_ns)} to {format_instant(world.ends_ns)}, the market's days"
            )
            raise MarketError(experiment.file, None, field, days, f"{edge} at {format_instant(at_ns)}")
    return msgspec.structs.replace(experiment, start_ns=starts_ns)
