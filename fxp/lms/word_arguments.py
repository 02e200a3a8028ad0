"""Arguments of the theory of finite words, and how far it reaches."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import POSITIVE, one, reals, require_bool
from fxp.formats import Rounding
from fxp.lms.modes import Floats
from fxp.lms.rounded_modes import Update
from fxp.lms.spectra import autocorrelation_matrix
from fxp.lms.stalls import LARGEST_STALL, RoundedUpdate, rounded_update, with_gain
from fxp.roundoff import rounding_error

__all__ = ["largest_stall", "positive", "regular_matrix", "require_moving", "update_of"]

TEXTBOOK_STALL = 0.6  # up to which the textbook's noise gives the mean square error to a thousandth
MOVING_STALL = 2.0  # of the HALF modes: beyond, few updates are left, and long to wait for
DRIFTING_STALL = 0.4  # of FLOOR and CEIL: beyond, the bias makes updates that are not symmetric
UNEQUAL = 1e-6  # relative, of the powers on the diagonal


def update_of(mode: Rounding, *, textbook: bool) -> Update:
    """Return the function from stall indicator to mean, gain and variance of the rounded update.

    Beyond the largest stall of the mode they are those at it: :func:`require_moving` refuses what comes out.

    Parameters
    ----------
    mode : Rounding
        Of the weights.
    textbook : bool
        Whether updates count as of many steps, whatever the stall indicator.

    Examples
    --------
    >>> float(update_of(Rounding.STOCHASTIC, textbook=True)(0.5).variance) * 6
    1.0
    """
    require_bool("textbook", textbook)
    if not textbook:
        return lambda stall: rounded_update(min(stall, largest_stall(mode)), rounding=mode)
    error = rounding_error(with_gain(mode))
    return lambda _: RoundedUpdate(np.asarray(error.mean), np.asarray(1.0), np.asarray(error.variance))


def require_moving(stall: float, mode: Rounding, *, textbook: bool) -> None:
    """Raise ValueError where the update of a mode stalls, or is beyond what the textbook's noise describes.

    Examples
    --------
    >>> require_moving(1.5, Rounding.HALF_EVEN, textbook=False)
    """
    limit = min(largest_stall(mode), TEXTBOOK_STALL if textbook else LARGEST_STALL)
    if stall > limit:
        raise ValueError(
            f"stall={stall:.3g} is not at most {limit:g}: the weights' step is so coarse that updates are lost; "
            "make it finer, take a larger step size, or round STOCHASTIC, without textbook=True"
        )


def largest_stall(mode: Rounding) -> float:
    """Return the stall indicator up to which the excess of a mode is known.

    Examples
    --------
    >>> largest_stall(Rounding.HALF_EVEN), largest_stall(Rounding.FLOOR)
    (2.0, 0.4)
    """
    return {Rounding.STOCHASTIC: LARGEST_STALL, Rounding.FLOOR: DRIFTING_STALL, Rounding.CEIL: DRIFTING_STALL}.get(
        mode, MOVING_STALL
    )


def regular_matrix(R: ArrayLike) -> Floats:
    """Return the autocorrelation matrix of data of one power, none of whose directions is without power.

    Raises
    ------
    ValueError
        It is not one such matrix.

    Examples
    --------
    >>> regular_matrix([[1.0, 0.5], [0.5, 1.0]]).shape
    (2, 2)
    """
    matrix = autocorrelation_matrix(R)
    if matrix.ndim != 2:
        raise ValueError(f"R of shape {matrix.shape} is not one matrix: call once for each")
    powers = np.diag(matrix)
    if np.ptp(powers) > UNEQUAL * powers.max():
        raise ValueError(f"R has the powers {powers} on its diagonal, which are not one: scale the data to one power")
    if np.linalg.eigvalsh(matrix)[0] <= 1e-12 * powers.max() * len(powers):
        raise ValueError("R is singular: rounding moves the weights without end where nothing pulls them back")
    return matrix


def positive(name: str, value: float, *, minimum: float = POSITIVE) -> float:
    """Return one finite number, positive unless `minimum` says otherwise.

    Raises
    ------
    ValueError
        It is another.

    Examples
    --------
    >>> positive("step_size", 0.25)
    0.25
    """
    return float(one(name, reals(name, value, minimum=minimum, remedy="see fxp.finite_precision_excess")))
