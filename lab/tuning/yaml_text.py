"""YAML as text: mappings in blocks, what fits on one line in braces, so that a person likes to read it."""

from __future__ import annotations

import re
import textwrap

import msgspec

from lab.tuning.draft import Written

_LINE = 118
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./%+ -]*(?<! )")
_TEXT_KEYS = ("description", "because")


def yaml_text(whole: dict[str, Written]) -> str:
    """One YAML document that reads back as ``whole``."""
    lines: list[str] = []
    for key, value in whole.items():
        if key in _TEXT_KEYS and isinstance(value, str) and len(value) > 90 and value.isprintable():
            lines.append(f"{key}: >-")
            lines += textwrap.wrap(value, _LINE, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
            continue
        flow = f"{_scalar(key)}: {_flow(value)}"
        if len(flow) <= _LINE and not (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
            lines.append(flow)
            continue
        lines.append(f"{_scalar(key)}:")
        if isinstance(value, list):
            for item in value:
                lines += _item(item)
        elif isinstance(value, dict):
            lines += [f"  {line}" for line in yaml_text(value).splitlines()]
        else:
            lines[-1] = flow
    return "\n".join(lines) + "\n"


def _item(item: Written) -> list[str]:
    flow = f"  - {_flow(item)}"
    if len(flow) <= _LINE or not isinstance(item, dict):
        return [flow]
    first, *rest = (f"{_scalar(key)}: {_flow(value)}" for key, value in item.items())
    return [f"  - {first}", *(f"    {line}" for line in rest)]


def _flow(value: Written) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_flow(one) for one in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    return _scalar(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text not in ("null", "Null", "NULL", "~"):
        return text
    return msgspec.json.encode(text).decode()
