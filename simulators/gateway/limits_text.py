"""One value of a limits file, changed in its text as a hand in an editor would."""

from __future__ import annotations

from difflib import get_close_matches

import yaml


def altered(text: str, path: str, to: str) -> str:
    """A YAML ``text`` with the value at ``path`` (keys, with dots) written as ``to``; all else stays as it is.

    Raises ValueError where there is no such value.
    """
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    so_far: list[str] = []
    for key in path.split("."):
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        found = {name.value: child for name, child in entries if isinstance(name, yaml.ScalarNode)}
        if key not in found:
            close = get_close_matches(key, list(found), n=1)
            near = f"; did you mean {close[0]}?" if close else ""
            raise ValueError(f"the limits have no `{key}` in {'.'.join(so_far) or 'the file'}{near}")
        node = found[key]
        so_far.append(key)
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"{path} is no single value of the limits")
    return text[: node.start_mark.index] + to + text[node.end_mark.index :]
