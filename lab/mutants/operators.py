"""Mutation operators on Python source: every place of a file where one small change makes another program.

Written on the standard library's ``ast``, with the change spliced into the text so that line numbers stay: cosmic-ray's
operators delete no statement and come with a database, git and an HTTP client; mutmut's are bound to its pytest runner.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

_NEGATED: dict[type[ast.cmpop], str] = {
    ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_SHIFTED: dict[type[ast.cmpop], str] = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
_SWAPPED: dict[type[ast.operator], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.LShift: ">>", ast.RShift: "<<",
}  # fmt: skip
_FOR_READERS = ("evidence", "describe", "status", "repr", "save", "note", "utc")
"""Functions with such a word in their name make words for people, which no verdict hangs on."""
_CONSTANT_FACTOR = 2

OPERATORS = {
    "comparison_negated": "a comparison is negated",
    "boundary": "a comparison is off by one",
    "arithmetic": "an arithmetic operation is the opposite one",
    "sign": "a sign is flipped",
    "constant": "a constant is another",
    "logic": "`and` and `or` are exchanged, or a `not` is lost",
    "condition": "a condition is negated",
    "call_deleted": "a call is not made",
    "assignment_deleted": "something is not remembered",
    "exit_deleted": "a raise, break or continue is lost",
    "argument_swapped": "min and max are exchanged, or abs is lost",
}


class Change(NamedTuple):
    """One mutation: the bytes from ``start`` to ``end`` become ``new``. ``within``: the function or name it is in."""

    operator: str
    within: str
    line: int
    start: int
    end: int
    old: str
    new: str


def changes(source: bytes) -> list[Change]:
    """Every mutation of a module, in order of place. Raises SyntaxError."""
    found = _Finder(source)
    found.visit(ast.parse(source))
    return sorted(found.changes, key=lambda change: (change.start, change.end, change.operator, change.new))


def spliced(source: bytes, start: int, end: int, new: str) -> bytes:
    """The source with one stretch of it replaced."""
    return source[:start] + new.encode() + source[end:]


class _Finder(ast.NodeVisitor):
    def __init__(self, source: bytes) -> None:
        self.changes: list[Change] = []
        self._source = source
        self._within: list[str] = []
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if any(word in node.name for word in _FOR_READERS):
            return
        self._inside(node.name, node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node.name, node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._assigned(node, node.target, node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned(node, node.targets[0], node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if swapped := _SWAPPED.get(type(node.op)):
            operator = self._between(node.target, node.value)
            self._add("arithmetic", *operator, f" {swapped}= ")
        if self._is_in_function:
            self._add("assignment_deleted", *self._span(node), "pass")
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node.value, ast.Call) and self._is_in_function:
            self._add("call_deleted", *self._span(node), "pass")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._add("exit_deleted", *self._span(node), "pass")

    def visit_Break(self, node: ast.Break) -> None:
        self._add("exit_deleted", *self._span(node), "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._add("exit_deleted", *self._span(node), "pass")

    def visit_If(self, node: ast.If) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        left: ast.expr = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            place = self._between(left, right)
            if len(node.ops) == 1:
                self._add("comparison_negated", *place, f" {_NEGATED[type(operator)]} ")
            if shifted := _SHIFTED.get(type(operator)):
                self._add("boundary", *place, f" {shifted} ")
            left = right
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._add("logic", *self._between(left, right), " or " if isinstance(node.op, ast.And) else " and ")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if _is_text(node.left) or _is_text(node.right):
            return
        if swapped := _SWAPPED.get(type(node.op)):
            self._add("arithmetic", *self._between(node.left, node.right), f" {swapped} ")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        start = self._span(node)[0]
        if isinstance(node.op, ast.USub):
            self._add("sign", start, start + len("-"), "")
            if isinstance(node.operand, ast.Constant):
                return
        elif isinstance(node.op, ast.Not):
            self._add("logic", start, start + len("not"), "")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            start, end = self._span(node.func)
            if node.func.id in ("min", "max"):
                self._add("argument_swapped", start, end, "max" if node.func.id == "min" else "min")
            elif node.func.id == "abs":
                self._add("argument_swapped", start, end, "+")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add("constant", *self._span(node), str(not value))
        elif isinstance(value, int | float):
            changed = 1 if value == 0 or (self._is_bound and value != 1) else value * _CONSTANT_FACTOR
            self._add("constant", *self._span(node), repr(changed))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        # An index that is another one mostly crashes, which tells nothing of the suite.
        self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        return

    def _inside(self, name: str, body: list[ast.stmt]) -> None:
        self._within.append(name)
        for statement in body:
            self.visit(statement)
        self._within.pop()

    def _assigned(self, node: ast.stmt, target: ast.expr, value: ast.expr | None) -> None:
        if value is None or (isinstance(target, ast.Name) and target.id.startswith("__")):
            return
        # Deleting a local variable's only assignment crashes; deleting an attribute's in `__init__` likewise.
        remembers = isinstance(target, ast.Attribute | ast.Subscript)
        if remembers and self._is_in_function and self._within[-1] != "__init__":
            self._add("assignment_deleted", *self._span(node), "pass")
        if self._is_in_function or not isinstance(target, ast.Name):
            self.visit(value)
            return
        self._within.append(target.id)
        self.visit(value)
        self._within.pop()

    @property
    def _is_bound(self) -> bool:
        """Of what is remembered or waited for. One of double size bounds as well, and no verdict can tell; one that is
        too small forgets what is needed."""
        return bool(self._within) and self._within[-1].lstrip("_").startswith("MAX_")

    @property
    def _is_in_function(self) -> bool:
        return bool(self._within) and not self._within[-1][0].isupper()

    def _negate(self, test: ast.expr) -> None:
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return  # the comparison itself is negated
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return  # the `not` is lost
        start, end = self._span(test)
        self._add("condition", start, end, f"not ({self._text(start, end)})")

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _between(self, left: ast.expr, right: ast.expr) -> tuple[int, int]:
        """Where the operator between two operands stands, without brackets that belong to either."""
        start, end = self._span(left)[1], self._span(right)[0]
        text = self._source[start:end]
        start += len(text) - len(text.lstrip(b") \t\r\n"))
        end -= len(text) - len(text.rstrip(b"( \t\r\n"))
        return start, end

    def _text(self, start: int, end: int) -> str:
        return self._source[start:end].decode()

    def _add(self, operator: str, start: int, end: int, new: str) -> None:
        old = self._text(start, end)
        if not (old[:1].isspace() or old[-1:].isspace()) and operator != "exit_deleted":
            new = new.strip()
        if old == new:
            return
        line = self._source.count(b"\n", 0, start) + 1
        self.changes.append(Change(operator, ".".join(self._within) or "module", line, start, end, old, new))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
