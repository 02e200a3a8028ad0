"""Experiments that could refute what the library predicts."""

import os
import sys
from types import TracebackType


def _say_aborted(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print one line for Ctrl-C, as a running command does, and what Python prints for other errors."""
    if issubclass(kind, KeyboardInterrupt):
        print("Aborted!", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


# experiments work in threads of their own, beside which those of BLAS, for small arrays, only spin
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if sys.argv[:1] == ["-m"]:  # Python looks for a command of this package, which then imports for seconds
    sys.excepthook = _say_aborted
