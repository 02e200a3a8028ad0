"""Step sizes outside of the range that a limit certifies: an error, or a warning where it is asked for."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from fxp.arguments import require_word
from fxp.inputs import element
from fxp.lms.modes import Floats

__all__ = ["require_certified", "require_outside"]

OUTSIDE = ("raise", "warn")


def require_certified(step_size: Floats, limit: Floats, *, named: str, outside: str) -> NDArray[np.bool_]:
    """Return which step sizes are below their limit; raise or warn where one is not.

    Parameters
    ----------
    step_size, limit : ndarray of float64
        Which broadcast.
    named : str
        What the limit is, for the message.
    outside : {"raise", "warn"}
        What to do.

    Raises
    ------
    ValueError
        A step size is not below its limit, and `outside` is "raise"; or `outside` is another word.

    Warns
    -----
    RuntimeWarning
        A step size is not below its limit, and `outside` is "warn".

    Examples
    --------
    >>> require_certified(np.array(0.5), np.array([0.6, 0.7]), named="mean-square limit", outside="raise")
    array([ True,  True])
    """
    require_outside(outside)
    steps, limits = np.broadcast_arrays(step_size, limit)
    below = np.asarray(steps < limits)
    if not below.all():
        worst, end = element("step_size", steps, ~below), limits[~below].flat[0]
        message = f"{worst} is not below {end:.7g}, the {named}: take a smaller step size"
        if outside == "raise":
            raise ValueError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return below


def require_outside(outside: str) -> None:
    """Raise ValueError unless it says what to do about a step size outside: "raise" or "warn".

    Examples
    --------
    >>> require_outside("warn")
    """
    require_word("outside", outside, OUTSIDE)
