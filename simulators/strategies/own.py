"""A user's own strategy: one Python class that derives from ``Strategy``, named in a firm file.

``kind: strategies/mine.py:MyStrategy`` is a file beside the firm file, ``kind: mymodule:MyStrategy`` a module that is
installed. What the class may be told are the fields of the struct it names: ``class MyStrategy(Strategy[MyParams])``.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import linecache
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import msgspec

from simulators.strategies.base import Strategy
from simulators.strategies.params import OWN_PATTERN, StrategyParams


class OwnStrategyError(ValueError):
    """A user's strategy cannot be used. The message says what is wrong, and where in its file; ``expected`` what would
    have been right, ``names`` what else there is, and ``found`` the name that is none of them."""

    def __init__(self, message: str, expected: str, names: tuple[str, ...] = (), found: str = "") -> None:
        super().__init__(message)
        self.expected = expected
        self.names = names
        self.found = found


class Own(msgspec.Struct, frozen=True):
    """A user's strategy, found. ``code`` is where its file lies, ``digest`` the BLAKE2b of that file."""

    strategy: type[Strategy[Any]]
    params: type[StrategyParams]
    code: str
    digest: str


def find_own(kind: str, directory: Path) -> Own:
    """The strategy that ``kind`` names; a path is relative to ``directory``. Raises OwnStrategyError."""
    if not re.fullmatch(OWN_PATTERN, kind):
        raise OwnStrategyError(f"`{kind}` does not name a class", "module:Class or path/file.py:Class")
    place, _, name = kind.partition(":")
    module = _from_file(directory / place) if place.endswith(".py") else _installed(place)
    found = getattr(module, name, None)
    classes = tuple(
        word for word, one in vars(module).items() if _is_strategy(one) and one.__module__ == module.__name__
    )
    if found is None:
        raise OwnStrategyError(f"{place} has no `{name}`", "a class in it that derives from Strategy", classes, name)
    if not _is_strategy(found):
        expected = f"a class that derives from {Strategy.__module__}.Strategy"
        raise OwnStrategyError(f"`{name}` in {place}{_line_of(found)} is no strategy", expected, classes, name)
    _check_handlers(found, place)
    if "kind" not in vars(found):
        found.kind = name
    code = Path(module.__file__ or place)
    return Own(found, _params_of(found, place), str(code), _digest(code))


def _is_strategy(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Strategy) and thing is not Strategy


def _check_handlers(strategy: type[Strategy[Any]], place: str) -> None:
    """A misspelt ``on_…`` would never be called, and nothing would say so."""
    known = tuple(name for name in dir(Strategy) if name.startswith("on_"))
    for ancestor in strategy.__mro__[: strategy.__mro__.index(Strategy)]:
        for name, thing in vars(ancestor).items():
            if name.startswith("on_") and name not in known and callable(thing):
                where = f"`{ancestor.__name__}` in {place}{_line_of(thing)}"
                message = f"{where} has a `{name}`, which nobody calls"
                raise OwnStrategyError(message, f"one of {', '.join(known)}", known, name)


def _params_of(strategy: type[Strategy[Any]], place: str) -> type[StrategyParams]:
    """The struct between the brackets of ``Strategy[…]``, in the class or in what it derives from."""
    for ancestor in strategy.__mro__:
        for base in getattr(ancestor, "__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, StrategyParams):
                    return argument
                if isinstance(argument, type):
                    expected = f"a struct that derives from {StrategyParams.__module__}.StrategyParams"
                    where = f"`{strategy.__name__}` in {place}{_line_of(strategy)}"
                    raise OwnStrategyError(f"{where} takes `{argument.__name__}`", expected)
    return StrategyParams


def _from_file(path: Path) -> ModuleType:
    """The module in the file, as the file is now: one that was edited is loaded anew."""
    if path.suffix != ".py" or not path.is_file():
        raise OwnStrategyError(f"there is no file {path}", "a Python file, named relative to the firm file")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise OwnStrategyError(f"{path} cannot be read: {error.strerror}", "a readable Python file") from error
    name = f"riskproof_own_{path.stem}_{hashlib.blake2b(str(path).encode() + source, digest_size=8).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    linecache.checkcache(str(path))
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # type annotations in it are looked up there
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except Exception as error:
        del sys.modules[name]
        raise _broken(str(path), error) from error
    return module


def _installed(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            expected = "an installed module, or path/file.py:Class beside the firm file"
            raise OwnStrategyError(f"there is no module `{name}`", expected) from error
        raise _broken(name, error) from error
    except Exception as error:
        raise _broken(name, error) from error


def _broken(place: str, error: Exception) -> OwnStrategyError:
    line = 0
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.endswith(place):
                line = frame.lineno or 0
    where = f"{place}:{line}" if line else place
    return OwnStrategyError(f"{where} cannot be loaded: {type(error).__name__}: {error}", "code that Python can import")


def _line_of(thing: object) -> str:
    try:
        return f":{inspect.getsourcelines(thing)[1]}"  # type: ignore[arg-type]
    except (OSError, TypeError):
        return ""


def _digest(code: Path) -> str:
    try:
        return hashlib.blake2b(code.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""
