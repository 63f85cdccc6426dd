"""What the market's data refused, told at the place where the author of the scenario can mend it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lab.playing.progress import Refused
from lab.scenario.agreement import Agreement
from lab.scenario.errors import Problem
from lab.scenario.market_file import steps_of
from lab.scenario.model import Experiment
from lab.scenario.resolve import load_case
from lab.scenario.sources import load_document
from lab.scenario.yaml_nodes import Node


def problem_of(refused: Refused, experiment: Experiment, sets: Sequence[str], seed: str | None) -> Problem:
    """The refusal as a problem of the scenario, of its market's definition, or of a file of bars."""
    market = experiment.market
    message, steps = f"found {refused.found}", steps_of(refused.field)
    inline = market.file == experiment.file
    root: Node
    if refused.file == experiment.file:
        root = load_case(experiment.file, experiment.case, sets, seed)
    elif refused.file != market.config.market:
        file = os.path.normpath(os.path.join(os.path.dirname(market.file), refused.file))
        return Problem(file, refused.row, 0, refused.field, message, refused.expected)
    elif inline:
        root, steps = load_case(experiment.file, experiment.case, sets, seed), ("market", "source", *steps)
    else:
        root = load_document(Path(market.file), market.file)
    check = Agreement(root)
    check.wrong(steps, message, refused.expected)
    return check.problems[0]
