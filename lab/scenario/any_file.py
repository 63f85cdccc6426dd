"""Any file of the laboratory, told apart by its `schema` and checked as what it is."""

from __future__ import annotations

from pathlib import Path

from lab.scenario.controls import load_controls
from lab.scenario.document import SCENARIO_SCHEMA
from lab.scenario.errors import nearest_name, one_of, problem
from lab.scenario.firm_file import FIRM_SCHEMA, FirmFile
from lab.scenario.limits import load_limits
from lab.scenario.market_file import MARKET_SCHEMA, MarketFile, check_files
from lab.scenario.resolve import load_scenario
from lab.scenario.sources import load_document
from lab.scenario.templates import TEMPLATE_SCHEMA, read_template_file
from lab.scenario.units import format_duration
from lab.scenario.yaml_nodes import Scalar, describe
from risk_monitor.controls.reader import SCHEMA as CONTROLS_SCHEMA
from risk_monitor.limits import SCHEMA as LIMITS_SCHEMA

SCHEMAS = (SCENARIO_SCHEMA, FIRM_SCHEMA, MARKET_SCHEMA, LIMITS_SCHEMA, CONTROLS_SCHEMA, TEMPLATE_SCHEMA)


def schema_of(file: str) -> str:
    """The language that ``file`` says it is in. Raises ScenarioError."""
    root = load_document(Path(file), file)
    node = root.entries.get("schema")
    if node is None:
        raise problem(root.mark, "schema", "is missing", one_of(SCHEMAS))
    if not isinstance(node, Scalar) or node.text not in SCHEMAS:
        near = nearest_name(node.text, SCHEMAS) if isinstance(node, Scalar) else ""
        raise problem(node.mark, "schema", f"{describe(node)} is unknown", one_of(SCHEMAS), near)
    return node.text


def check_file(file: str) -> str:
    """Read ``file`` as what it says it is, and say in a few words what that is. Raises ScenarioError."""
    path = Path(file)
    match schema_of(file):
        case "riskproof-firm/1":
            firm = FirmFile().read(load_document(path, file), "")
            return f"firm {firm.name}, {_count(len(firm.venues), 'venue')}, {_count(len(firm.accounts), 'account')}"
        case "riskproof-market/1":
            root = load_document(path, file)
            market = MarketFile().read(root, "")
            check_files(root, market, path.parent)
            return f"market {market.market}"
        case "riskproof-limits/1":
            limits = load_limits(path, file, None).rules
            return f"limits of {limits.firm}, {_count(len(limits.mandates), 'mandate')}"
        case "riskproof-controls/1":
            return f"controls: {', '.join(load_controls(path, file).wired) or 'none'}"
        case "riskproof-template/1":
            template = read_template_file(path, file)
            return f"template {template.name}, parameters: {', '.join(template.parameters) or 'none'}"
    loaded = load_scenario(path)
    durations = dict.fromkeys(format_duration(each.duration_ns) for each in loaded.experiments)
    cases = ", ".join(each.case for each in loaded.experiments)
    return f"scenario {loaded.scenario}, {', '.join(durations)}, cases: {cases}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
