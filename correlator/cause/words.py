"""Words: moments, spans and lists as a story tells them."""

from __future__ import annotations

from collections.abc import Sequence

_SAME_MOMENT_S = 0.001


def moment(at_s: float) -> str:
    """Seconds since the run's start as a clock shows them, to the millisecond."""
    ms = round(at_s * 1000)
    sign = "-" if ms < 0 else ""
    seconds, ms = divmod(abs(ms), 1000)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def after(from_s: float, to_s: float) -> str:
    """How one moment lies to another, to be followed by what was at the first: ``2.000 s after``, ``when``."""
    span_s = to_s - from_s
    if abs(span_s) < _SAME_MOMENT_S:
        return "when"
    return f"{abs(span_s):.3f} s {'after' if span_s > 0 else 'before'}"


def listed(names: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


def capitalised(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]
