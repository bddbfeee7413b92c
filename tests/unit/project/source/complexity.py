"""How many ways lead through a function: ruff's C901, and the conditions that C901 does not see.

1, and one more for each `if`, `for`, `while`, `except` and `case` (a `case _` is the way that is there anyway), as ruff
counts; and one for each conditional expression, each `if` of a comprehension, and each operand of `and` or `or` beyond
the first. An inner function counts by itself here; ruff still counts it into its outer one. A `for` of a comprehension
and an `assert` add nothing: the way goes straight on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.unit.project.source.source_tree import Function

_ONE_MORE = ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.IfExp


def complexity(function: Function) -> int:
    """Return the number of ways through a function, without those of functions and classes within it."""
    return 1 + sum(_ways(node) for node in _own_nodes(function))


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef):
            yield child
            yield from _own_nodes(child)


def _ways(node: ast.AST) -> int:
    match node:
        case ast.BoolOp():
            return len(node.values) - 1
        case ast.comprehension():
            return len(node.ifs)
        case ast.Match():
            return len(node.cases) - _always_taken(node.cases[-1])
        case _:
            return int(isinstance(node, _ONE_MORE))


def _always_taken(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
