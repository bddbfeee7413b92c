"""The shape of functions and of their documentation is a rule that fails, in every room.

The figures are those of CONTRIBUTING.md. How large modules and folders may be stands in `test_size_of_rooms`.
"""

import ast
import re
import statistics
from collections.abc import Iterator
from itertools import chain

import pytest
import typer

from pipelines.command import app
from tests.unit.project.source.complexity import complexity
from tests.unit.project.source.source_tree import Function, functions, place, rooms, tree

FILES = list(chain.from_iterable(rooms().values()))
FUNCTIONS = dict(chain.from_iterable(functions(file) for file in FILES))
MOST_WAYS = 10
MOST_LINES = 80
#: A function with as many parameters says what each of them is.
PARAMETERS_TO_TELL = 3


def _body_lines(function: Function) -> int:
    body = function.body
    if ast.get_docstring(function) is not None and len(body) > 1:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def _is_public(where: str) -> bool:
    """Whether no part of a class and a function is private; the class tells of its `__init__`, as the test below says."""
    return not any(part.startswith("_") for part in where.split(":")[1].split("."))


def _is_inner(where: str) -> bool:
    return where.rpartition(".")[0] in FUNCTIONS


def _parameters(function: Function) -> list[str]:
    """Return the names of a function's parameters, without `self` and `cls`."""
    told = function.args
    rest = [one for one in (told.vararg, told.kwarg) if one is not None]
    named = [one.arg for one in (*told.posonlyargs, *told.args, *told.kwonlyargs, *rest)]
    return [name for name in named if name not in {"self", "cls"}]


def _told(docstring: str | None) -> list[str] | None:
    """Return the names told under `Args:`, or None where there is no such section."""
    lines = (docstring or "").splitlines()
    if "Args:" not in lines:
        return None
    names = []
    for line in lines[lines.index("Args:") + 1 :]:
        if line and not line.startswith(" "):
            break
        if told := re.match(r" {4}\*{0,2}(\w+)(?: \([^)]*\))?:", line):
            names.append(told[1])
    return names


def _commands(group: typer.Typer) -> Iterator[str]:
    """Yield `file:function` of every command of `filiation`, groups within groups too."""
    for command in group.registered_commands:
        if command.callback is not None:
            yield f"{command.callback.__module__.replace('.', '/')}.py:{command.callback.__name__}"
    for inner in group.registered_groups:
        yield from _commands(inner.typer_instance)


#: Their docstring is the help, and each of their options has a help of its own (`test_docs`).
COMMANDS = set(_commands(app))


def _drawn_by_dagster(function: Function) -> bool:
    """Whether Dagster shows the docstring to users: its parameters are other assets and resources."""
    return any(ast.unparse(decorator).startswith("dg.") for decorator in function.decorator_list)


def _asked_by_typer(function: Function) -> bool:
    """Whether the function is a command of a bench: typer shows its docstring, and its options have a help of their own."""
    told = function.args
    named = (*told.posonlyargs, *told.args, *told.kwonlyargs)
    return any(one.annotation is not None and "typer." in ast.unparse(one.annotation) for one in named)


def test_functions_are_short():
    lengths = {where: _body_lines(function) for where, function in FUNCTIONS.items()}
    ordered = sorted(lengths.values())
    assert {where: lines for where, lines in lengths.items() if lines > MOST_LINES} == {}
    assert statistics.median(ordered) <= 12
    assert ordered[int(0.9 * len(ordered))] <= 40


def test_few_ways_lead_through_a_function():
    ways = {where: complexity(function) for where, function in FUNCTIONS.items()}
    assert {where: number for where, number in ways.items() if number > MOST_WAYS} == {}


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("return a", 1),
        ("if a: return 1\nelif b: return 2\nelse: return 3", 3),
        ("for x in a:\n    while b: pass", 3),
        ("try: pass\nexcept OSError: pass\nexcept ValueError: pass\nelse: pass\nfinally: pass", 3),
        ("with a: pass", 1),
        ("return 1 if a else 2 if b else 3", 3),
        ("return a and b and c or d", 4),
        ("return [x for x in a if x if b]", 3),
        ("match a:\n    case 1: pass\n    case 2: pass\n    case _: pass", 3),
        ("match a:\n    case 1: pass\n    case x if x > 2: pass", 3),
        ("def inner():\n    if a: pass\nreturn inner", 1),
        ("return (lambda x: x if x else a)", 2),
    ],
)
def test_every_condition_counts(body, ways):
    (function,) = ast.parse("def outer(a, b, c, d):\n" + "\n".join(f"    {line}" for line in body.split("\n"))).body
    assert complexity(function) == ways


@pytest.mark.parametrize("file", FILES, ids=place)
def test_module_opens_with_its_door_sign(file):
    docstring = ast.get_docstring(tree(file))
    assert docstring and len(docstring) > 40, "say what belongs in the module and what does not"


def test_public_functions_are_documented():
    guilty = [
        where
        for where, function in FUNCTIONS.items()
        if _is_public(where) and ast.get_docstring(function) is None and _body_lines(function) > 6
    ]
    assert guilty == []


def _documented() -> Iterator[tuple[str, Function, str | None]]:
    """Yield each public function, and each `__init__` with the docstring of its class, which tells of it."""
    for where, function in FUNCTIONS.items():
        if _is_public(where) and not _is_inner(where):
            yield where, function, ast.get_docstring(function)
    for file in FILES:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                        told = ast.get_docstring(node)
                        yield f"{place(file)}:{node.name}", method, told if _told(told) else ast.get_docstring(method)


def test_what_takes_three_parameters_says_what_they_are():
    guilty = [
        where
        for where, function, docstring in _documented()
        if len(_parameters(function)) >= PARAMETERS_TO_TELL
        and where not in COMMANDS
        and not _drawn_by_dagster(function)
        and not _asked_by_typer(function)
        and _told(docstring) is None
    ]
    assert guilty == []


def test_args_are_the_parameters():
    """No parameter is left out where others are told, and none is told that is gone."""
    guilty = {
        where: sorted(set(told) ^ set(_parameters(function)))
        for where, function, docstring in _documented()
        if (told := _told(docstring)) is not None and set(told) != set(_parameters(function))
    }
    assert guilty == {}
