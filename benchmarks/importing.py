"""Time `import fxp` beside `import numpy, numba` in fresh interpreters: ``python benchmarks/importing.py``."""

import statistics
import subprocess
import sys

TURNS = 9
STATEMENTS = ("import fxp", "import fxp; fxp.encode", "import numpy, numba")
TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def seconds(statement: str) -> float:
    command = [sys.executable, "-c", TIMED.format(statement)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    for statement in STATEMENTS:
        seconds(statement)  # fills the disk cache
    turns = [[seconds(statement) for statement in STATEMENTS] for _ in range(TURNS)]
    medians = [statistics.median(spent) for spent in zip(*turns, strict=True)]
    print(f"fresh interpreters, median of {TURNS}, in turns")
    for statement, median in zip(STATEMENTS, medians, strict=True):
        print(f"  {statement:24} {median * 1e3:8.1f} ms   {median / medians[-1]:5.2f}")


if __name__ == "__main__":
    main()
