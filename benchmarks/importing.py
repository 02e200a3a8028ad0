"""Python with fxp beside Python with NumPy and Numba, each a fresh interpreter: ``python -m benchmarks importing``."""

import functools
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.tables import Table
from benchmarks.timing import Contestant, compare

STATEMENTS = {
    "NumPy and Numba": "import numpy, numba",
    "nothing": "pass",
    "fxp": "import fxp",
    "fxp and its encode": "import fxp; fxp.encode",
}


def interpret(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], check=True)


def tables() -> Iterator[Table]:
    contestants = [Contestant(name, functools.partial(interpret, statement)) for name, statement in STATEMENTS.items()]
    yield compare("a fresh interpreter imports", contestants)
