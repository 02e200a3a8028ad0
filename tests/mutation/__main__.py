"""Mutation testing of kernels and quantization: ``python -m tests.mutation [MODULE …]``, by hand, since it takes hours.

Each mutant is a module with one small change of Cosmic Ray's. It lives in a forked process that runs the tests of the
module until one fails; no file is written. A mutant that passes them all survives, and is printed.
"""

import argparse
import ast
import difflib
import importlib
import importlib.util
import os
import random
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numba
import pytest
import scipy.sparse  # noqa: F401 (like torch and the others, once for all mutants)
import torch  # noqa: F401
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from tests.mutation.settings import OPERATORS, SELECTIONS, Selection

PREFIX = "core/"
ROOT = Path(__file__).parents[2]
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
INTERPRETED = ["-W", "ignore:overflow encountered:RuntimeWarning"]  # where compiled code wraps, silently
REPEATABLE = ["--seed", "0", "--hypothesis-profile", "mutation"]


@dataclass(frozen=True)
class Mutant:
    """One change of a module: what Cosmic Ray calls it, where it begins, and the changed source."""

    operator: str
    line: int
    source: str


def main() -> None:
    """Print the score of each module and the mutants that survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(SELECTIONS)}; all by default")
    parser.add_argument("--sample", type=int, metavar="N", help="no more than N mutants of a module, drawn with seed 0")
    options = parser.parse_args()
    modules = options.modules or list(SELECTIONS)
    if unknown := set(modules) - set(SELECTIONS):
        parser.error(f"{', '.join(sorted(unknown))}: no tests are selected for it in tests/mutation/settings.py")
    hypothesis.settings.register_profile(
        "mutation",
        deadline=None,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    numba.njit(lambda: None)()  # starts the compiler, once for all mutants
    for module in modules:
        report(module, SELECTIONS[module], sample=options.sample)


def report(module: str, selection: Selection, *, sample: int | None) -> None:
    """Test all mutants of a module, or a sample, and print those that survive, then the score."""
    file = ROOT / f"{module.replace('.', '/')}.py"
    source = file.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as cache:
        passed, seconds = run(module, source, selection, cache, limit=3600)
        if not passed:
            sys.exit(f"{module}: the selected tests fail without a mutation")
        killed, chosen = 0, list(mutants(source))
        if sample is not None:
            random.Random(0).shuffle(chosen)
            chosen = chosen[:sample]
        for mutant in chosen:
            with tempfile.TemporaryDirectory() as own:
                shutil.copytree(cache, own, ignore=shutil.ignore_patterns(*stale(module)), dirs_exist_ok=True)
                survives, _ = run(module, mutant.source, selection, own, limit=round(10 + 4 * seconds))
            killed += not survives
            if survives:
                print(
                    f"{module}:{mutant.line} {mutant.operator}",
                    *changed_lines(source, mutant.source),
                    sep="\n    ",
                    flush=True,
                )
    print(f"{module}: {killed} of {len(chosen)} killed, {killed / len(chosen):.1%}", flush=True)


def changed_lines(before: str, after: str) -> list[str]:
    """Return the lines in which two sources differ, marked by - and +."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def mutants(source: str) -> Iterator[Mutant]:
    """Yield the mutants of a module by all `OPERATORS`, one a place, but for changes of what no test can see."""
    tree = get_ast(source)
    unseen = list(unseen_spans(ast.parse(source)))
    for name in OPERATORS:
        operator = get_operator(PREFIX + name)()
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(places):
            seen = not any(first <= tuple(start) < last for first, last in unseen)
            if seen and start not in places[:occurrence]:
                yield Mutant(name, start[0], mutate_code(source, operator, occurrence))


def unseen_spans(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where annotations, decorators and overloads begin and end."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef():
                overload = any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)
                hidden = [*node.decorator_list, node.returns, node if overload else None]
            case ast.arg() | ast.AnnAssign():
                hidden = [node.annotation]
            case ast.ClassDef():
                hidden = node.decorator_list
            case _:
                hidden = []
        for part in hidden:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def stale(module: str) -> set[str]:
    """Return patterns of the cached files that hold compiled code of a module: of its own, and of its importers."""
    importing = re.compile(rf"^from {re.escape(module)} import", re.MULTILINE)
    kernels = (ROOT / "fxp/kernels").glob("*.py")
    users = [f"fxp.kernels.{file.stem}" for file in kernels if importing.search(file.read_text(encoding="utf-8"))]
    return {f"{module.rpartition('.')[2]}.*"}.union(*map(stale, users))


def run(module: str, source: str, selection: Selection, cache: str, *, limit: int) -> tuple[bool, float]:
    """Return whether the tests pass with this source of the module, and the processor's seconds that they took."""
    sys.stdout.flush()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    child = os.fork()
    if child == 0:
        test(module, source, selection, cache, limit)
    status = os.waitpid(child, 0)[1]
    return status == 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def test(module: str, source: str, selection: Selection, cache: str, limit: int) -> None:
    """End this process with what pytest returns; compiled code is kept in `cache`."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        numba.config.CACHE_DIR = cache
        install(module, source, compiled=selection.compiled)
        interpreted = [] if selection.compiled else INTERPRETED
        code = int(pytest.main([*selection.tests, *PYTEST, *interpreted, *REPEATABLE]))
    finally:
        os._exit(code)


def install(name: str, source: str, *, compiled: bool) -> None:
    """Import a module from other source; where it is not compiled, the kernels that it imports still are."""
    importlib.import_module(name)
    numba.config.DISABLE_JIT = not compiled
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source, spec.origin, "exec"), module.__dict__)
    package, _, attribute = name.rpartition(".")
    setattr(sys.modules[package], attribute, module)


if __name__ == "__main__":
    main()
