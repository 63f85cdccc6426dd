"""The reference tables of scenario files, written from the declarations: ``python -m lab.scenario.reference FILE`` puts
them between the marks in a Markdown page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any

from lab.scenario.conditions import AssertionText
from lab.scenario.demands import Containment, Expectation, ExpectedMiss, Forbidden, Operator, SteadyState
from lab.scenario.document import SCENARIO, InjectionText, JudgeAllText, MarketText
from lab.scenario.faults import FAULTS, FaultSpec
from lab.scenario.quantities import QUANTITIES
from lab.scenario.records import Field, fields_of
from lab.scenario.scalars import Duration, Share
from lab.scenario.schema import schema_of
from lab.scenario.templates import Parameter
from lab.scenario.units import format_duration, format_share

BEGIN = "<!-- tables written by python -m lab.scenario.reference docs/reference/scenario.md -->"
END = "<!-- end of the tables -->"


def tables() -> str:
    """All tables as Markdown."""
    decided = ("scope", "intensity", "parameters")
    parts = [
        "### Keys of the file\n",
        _keys(SCENARIO.fields, needed_here=lambda field: field.required and field.name != "duration"),
        "### Keys that put a file together\n",
        _assembly(),
        "### Keys of `market`\n",
        _keys(fields_of(MarketText)),
        "### Keys of `steady_state`\n",
        _keys(fields_of(SteadyState)),
        "### Keys of an entry of `timeline`\n",
        _keys(fields_of(InjectionText, but=decided)),
        "`scope`, `intensity` and `with` are those of the fault.\n",
        "### Keys of an entry of `expect`\n",
        _keys(fields_of(Expectation)),
        "### Keys of `contain`\n",
        _keys(fields_of(Containment)),
        "### Keys of an entry of `expect_miss`\n",
        _keys(fields_of(ExpectedMiss)),
        "### Keys of an entry of `forbid`\n",
        _keys(fields_of(Forbidden)),
        "### Keys of an entry of `assert`\n",
        _keys(fields_of(AssertionText)),
        "An entry of `stop_when` has the same keys but the times.\n",
        "### Quantities\n",
        _quantities(),
        "### Keys of `operator`\n",
        _keys(fields_of(Operator)),
        "### Keys of a parameter of a template\n",
        _keys(fields_of(Parameter)),
        "### Keys of `judge_all`\n",
        _keys(fields_of(JudgeAllText)),
        "### Faults\n",
        *(_fault(spec) for spec in FAULTS.values()),
    ]
    return "\n".join(parts)


def _assembly() -> str:
    """What is gone once a scenario is resolved, and so in no declaration but the schema's."""
    properties = schema_of("scenario")["properties"]
    keys = ("extends", "variables", "cases", "matrix", "templates", "use")
    return "\n".join(
        ["| key | meaning |", "|---|---|", *(f"| `{key}` | {properties[key]['description']} |" for key in keys), ""]
    )


def _keys(fields: Iterable[Field], needed_here: Callable[[Field], bool] = attrgetter("required")) -> str:
    rows = ["| key | meaning | value |", "|---|---|---|"]
    for field in fields:
        required = " (required)" if needed_here(field) else ""
        rows.append(f"| `{field.name}`{required} | {field.doc} | {_cell(field.kind.expected)} |")
    return "\n".join(rows) + "\n"


def _quantities() -> str:
    rows = ["| quantity | of | unit | meaning |", "|---|---|---|---|"]
    words = {"firm": "", "book": "venue:pair", "account": "venue:account", "asset": "asset"}
    for name, spec in QUANTITIES.items():
        of = words[spec.of] + (", or all" if spec.of_is_optional else "")
        rows.append(f"| `{name}` | {of} | {'the asset' if spec.unit == 'asset' else spec.unit} | {spec.doc} |")
    return "\n".join(rows) + "\n"


def _fault(spec: FaultSpec) -> str:
    lines = [f"**`{spec.name}`** ({spec.acts_in}): {spec.doc}.", ""]
    scope = [f"`{field.name}`{' (required)' if field.required else ''}" for field in spec.scope_fields()]
    lines.append(f"- scope: {', '.join(scope) or 'none'}")
    if spec.intensity is not None:
        lines.append(f"- intensity: {spec.intensity_doc}; {_cell(spec.intensity.expected)}")
    if spec.ramps:
        lines.append("- `ramp`, `ramp_down`")
    defaults = defaults_of(spec)
    for field in spec.parameter_fields():
        default = f" (default {defaults[field.attribute]})" if field.attribute in defaults else ""
        lines.append(f"- with `{field.name}`: {_cell(field.kind.expected)}{default}")
    return "\n".join((*lines, f"- example: `{spec.example}`", ""))


def defaults_of(spec: FaultSpec) -> dict[str, str]:
    """The parameters that have a default, by attribute, as they would be written."""
    struct = spec.params
    names = struct.__struct_fields__[len(struct.__struct_fields__) - len(struct.__struct_defaults__) :]
    values: dict[str, Any] = dict(zip(names, struct.__struct_defaults__, strict=True))
    shown: dict[str, str] = {}
    for field in spec.parameter_fields():
        if field.attribute not in values:
            continue
        value = values[field.attribute]
        if isinstance(field.kind, Duration):
            shown[field.attribute] = format_duration(value)
        elif isinstance(field.kind, Share):
            shown[field.attribute] = format_share(value)
        elif isinstance(value, (str, int, float)):
            shown[field.attribute] = str(value)
    return shown


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def placed(page: str) -> str:
    """``page`` with the tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(placed(target.read_text(encoding="utf-8")), encoding="utf-8")
