"""Probes: a copy of the monitor's source that remembers which of its statements have run, and all that it was told.

A mutant of a statement that a case never runs is, in that case, the monitor itself; nothing needs playing to know it.
Written on the standard library's ``ast``: coverage.py's tracer hears of every call of the simulators too and makes a
case nearly three times as dear (on Python 3.11), a byte that is set costs next to nothing. And it can be asked for more
than lines: whether the two sides of a comparison were ever equal, for only there `<` and `<=` differ.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from lab.mutants.mutant import SourceEdit
from lab.mutants.tape import RECORDER

MODULE = "_ran_"
"""The module of the probed package that holds what has run, a byte for each probe under its own name, and the tape."""
_MET = "_met_"
_MACHINE, _MONITOR = "machine.py", "RiskMonitor"
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_PLAIN = (ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
"""What can be evaluated twice and nobody notices."""


class Span(NamedTuple):
    """The bytes from ``start`` to ``end`` of a file, and the number of their probe."""

    start: int
    end: int
    number: int


class Probes:
    """Of a package, given as source by file name. ``package``: the same with a probe before every statement of every
    function, and a monitor that records its tape. What stands outside functions runs when the package is imported, in
    every case.

    Raises:
        SyntaxError: a file is not Python.
    """

    def __init__(self, package: Mapping[str, bytes], name: str = "risk_monitor") -> None:
        self.package: dict[str, bytes] = {}
        self._statements: dict[str, list[Span]] = {}
        self._comparisons: dict[str, list[Span]] = {}
        self.count = 0
        for file, source in package.items():
            placer = _Placer(source, self.count)
            tree = placer.visit(ast.parse(source))
            self.count = placer.count
            self._statements[file] = placer.statements
            self._comparisons[file] = placer.comparisons
            if placer.statements:
                tree.body.insert(_first_place(tree.body), _statement(f"from {name}.{MODULE} import {MODULE}, {_MET}"))
            if file == _MACHINE:
                tree.body += ast.parse(f"from {name}.{MODULE} import taped\n{_MONITOR} = taped({_MONITOR})").body
            self.package[file] = ast.unparse(ast.fix_missing_locations(tree)).encode()
        self.package[f"{MODULE}.py"] = (
            f"{RECORDER}\n\n{MODULE} = bytearray({self.count})\n\n\n"
            f"def {_MET}(number, value):\n    {MODULE}[number] = 1\n    return value\n"
        ).encode()

    def of(self, operator: str, edit: SourceEdit) -> int | None:
        """The probe that must have been met for the mutant to be another monitor; None: it always is."""
        start = edit.start + len(edit.old) - len(edit.old.lstrip())
        if operator == "boundary" and (found := _innermost(self._comparisons[edit.file], edit.start)) is not None:
            return found
        return _innermost(self._statements[edit.file], start)


def _innermost(spans: list[Span], place: int) -> int | None:
    around = [span for span in spans if span.start <= place < span.end]
    return min(around, key=lambda span: span.end - span.start).number if around else None


class _Placer(ast.NodeTransformer):
    """Puts the probes in, numbered from ``count`` in order of place."""

    def __init__(self, source: bytes, count: int) -> None:
        self.count = count
        self.statements: list[Span] = []
        self.comparisons: list[Span] = []
        self._depth = 0
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._depth += 1
        node.body = self._probed(node.body)
        self._depth -= 1
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        right = node.comparators[0]
        if not self._depth or len(node.ops) > 1 or not isinstance(node.ops[0], _ORDERS) or not _are_plain(node):
            return node
        start, end = self._place(node.left.end_lineno, node.left.end_col_offset), self._start(right)
        number = self._numbered(self.comparisons, start, end)
        differ = ast.Compare(node.left, [ast.NotEq()], [right])
        told = ast.Call(ast.Name(_MET, ast.Load()), [ast.Constant(number), node], [])
        return ast.IfExp(differ, node, told)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if self._depth:
            for field in ("body", "orelse", "finalbody"):
                inside = getattr(node, field, None)
                if isinstance(inside, list) and inside:
                    setattr(node, field, self._probed(inside))
            for field, value in ast.iter_fields(node):
                if field not in ("body", "orelse", "finalbody") or not isinstance(value, list):
                    self._visit_value(node, field, value)
            return node
        return super().generic_visit(node)

    def _visit_value(self, node: ast.AST, field: str, value: object) -> None:
        if isinstance(value, ast.AST):
            setattr(node, field, self.visit(value))
        elif isinstance(value, list):
            setattr(node, field, [self.visit(one) if isinstance(one, ast.AST) else one for one in value])

    def _probed(self, body: list[ast.stmt]) -> list[ast.stmt]:
        probed: list[ast.stmt] = []
        for statement in body:
            end = self._place(statement.end_lineno, statement.end_col_offset)
            number = self._numbered(self.statements, self._start(statement), end)
            probed += [_statement(f"{MODULE}[{number}] = 1"), self.visit(statement)]
        return probed

    def _numbered(self, spans: list[Span], start: int, end: int) -> int:
        spans.append(Span(start, end, self.count))
        self.count += 1
        return self.count - 1

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._place(node.lineno, node.col_offset)

    def _place(self, line: int | None, column: int | None) -> int:
        assert line is not None
        assert column is not None
        return self._starts[line - 1] + column


def _are_plain(node: ast.Compare) -> bool:
    return all(isinstance(one, _PLAIN) for side in (node.left, *node.comparators) for one in ast.walk(side))


def _statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def _first_place(body: list[ast.stmt]) -> int:
    """After docstring and ``from __future__``."""
    place = 0
    for number, statement in enumerate(body):
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if is_text or (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            place = number + 1
        else:
            break
    return place
