"""What finite words of an LMS filter add to its error in steady state, term by term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import POSITIVE, one, reals
from fxp.formats import Rounding
from fxp.lms.modes import Floats, delays
from fxp.lms.rounded_modes import Modes, Update
from fxp.lms.spectra import autocorrelation_matrix, update_steps
from fxp.lms.stalls import LARGEST_STALL, RoundedUpdate, rounded_update
from fxp.roundoff import rounding_error

__all__ = ["FinitePrecisionExcess", "finite_precision_excess", "largest_stall", "small_step_excess", "weight_drift"]

TEXTBOOK_STALL = 0.6  # up to which the textbook's noise gives the mean square error to a thousandth
MOVING_STALL = 2.0  # of the HALF modes: beyond, few updates are left, and long to wait for
DRIFTING_STALL = 0.4  # of FLOOR and CEIL: beyond, the bias makes updates that are not symmetric
UNEQUAL = 1e-6  # relative, of the powers on the diagonal


@dataclass(frozen=True)
class FinitePrecisionExcess:
    """Mean square error of an LMS filter in steady state above the least one, term by term.

    Parameters
    ----------
    gradient : float
        Misadjustment: noise of the gradient, as without words.
    weights : float
        Noise of rounding the weights.
    drift : float
        Bias of the weights: of FLOOR and CEIL alone.
    data : float
        Rounding of the data, which moves the optimum and makes it worse.
    output : float
        Rounding between the sum of products and the error.
    minimum_mse : float
        Least mean square error, of the optimal weights on exact data.
    stall : float
        Stall indicator at the error's rms in steady state.
    gain : float
        What rounding makes of the step size: 1 for STOCHASTIC and where nothing stalls.
    """

    gradient: float
    weights: float
    drift: float
    data: float
    output: float
    minimum_mse: float
    stall: float
    gain: float

    @property
    def total(self) -> float:
        """Sum of the terms."""
        return self.gradient + self.weights + self.drift + self.data + self.output

    @property
    def mse(self) -> float:
        """Mean square error."""
        return self.minimum_mse + self.total

    @property
    def misadjustment(self) -> float:
        """Total over the least mean square error."""
        return self.total / self.minimum_mse


def finite_precision_excess(
    R: ArrayLike,
    step_size: float,
    *,
    minimum_mse: float,
    weight_step: float,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    delay: int = 0,
    factor: int = 1,
    data_noise: float = 0.0,
    optimal_weights: ArrayLike | None = None,
    output_noise: float = 0.0,
    textbook: bool = False,
) -> FinitePrecisionExcess:
    r"""Return what finite words add to the error of LMS in steady state (asymptotic, i.i.d. Gaussian regressors).

    .. math:: J = \frac{1}{1 - G} \Big( J_{\min} + \Delta J + \sigma_o^2 + \sum_{i=1}^{N}
        \frac{\lambda_i (h_i \sigma_c^2 + \delta_i^2)}{1 - a_i^2 h_i} \Big), \quad a_i = \kappa f \mu \lambda_i, \quad
        G = \sum_{i=1}^{N} \frac{a_i^2 h_i}{1 - a_i^2 h_i}

    with h of :func:`fxp.lms.modes.mode_energy`, the eigenvalues λ of R + σ_x²·I, σ_c² = q² times the variance of
    :func:`fxp.rounded_update` and κ its gain, both at the stall indicator of this very J; the bias
    :math:`\delta = \mp \frac{q}{2 \kappa f \mu} (R + \sigma_x^2 I)^{-1} \mathbf{1}` of FLOOR and CEIL in the
    coordinates of the eigenvectors; and :math:`\Delta J = \sigma_x^2\, w^{*\top} R (R + \sigma_x^2 I)^{-1} w^*`.

    Assumptions: regressors that are independent from one iteration to the next and Gaussian of zero mean, all data of
    one power (as on a delay line); an error of the optimal weights that is Gaussian and independent of them; rounding
    of data and output of zero mean, white and uncorrelated; the weights' rounding uncorrelated from tap to tap; no
    overflow. With a gain that is not one the mean square of the update is that of small steps: of the HALF modes the
    excess is then known to about 5 % of it at ρ = 2 and to 1 % at ρ = 1; of FLOOR and CEIL to 1 %.

    Parameters
    ----------
    R : array_like of float, shape (N, N)
        Autocorrelation matrix of the exact regressor, symmetric, positive definite, of equal entries on its diagonal.
    step_size : float
        μ of the update :math:`w_{n+1} = w_n + f \mu\,e_{n-D}\,x_{n-D}`, positive.
    minimum_mse : float
        Least mean square error J_min of exact data and weights, positive.
    weight_step : float
        Distance q of neighbouring weights, positive.
    rounding : Rounding or str
        Mode of the weights, any but TOWARD_ZERO.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update: 2 is a step along the gradient of e².
    data_noise : float
        Variance σ_x² of the rounding of a datum, as q_x²/12, at least 0.
    optimal_weights : array_like of float, shape (N,), optional
        w* of the exact data, with `data_noise` only.
    output_noise : float
        Sum σ_o² of the variances of what is rounded from the sum of products to the error: output, error, and the
        desired signal where it is rounded; at least 0.
    textbook : bool
        Take κ = 1 and σ_c² = q²/12, of STOCHASTIC q²/6, whatever the stall: refused where ρ is above 0.6.

    Returns
    -------
    FinitePrecisionExcess
        The terms, their sum, and the stall indicator.

    Raises
    ------
    ValueError
        An argument is out of range; the step size is not below the mean-square limit; or the update stalls: ρ is above
        2 (FLOOR and CEIL: 0.4; STOCHASTIC: 100; textbook: 0.6).

    References
    ----------
    Derivation: :ref:`derivation-lms_weight_rounding`.

    Examples
    --------
    >>> from fxp import Process
    >>> R = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
    >>> excess = finite_precision_excess(R, 2**-5, minimum_mse=0.352, weight_step=2**-7, rounding="STOCHASTIC")
    >>> round(excess.gradient, 4), round(excess.weights, 4), round(excess.stall, 2)
    (0.009, 0.0005, 0.29)
    """
    matrix, least = _matrix(R), _positive("minimum_mse", minimum_mse)
    noisy = matrix + _positive("data_noise", data_noise, minimum=0) * np.eye(len(matrix))
    moved, output = _data_excess(matrix, noisy, optimal_weights), _positive("output_noise", output_noise, minimum=0)
    step, late = one("step_size", update_steps(step_size, factor)), one("delay", delays(delay))
    mode, weight = Rounding.of(rounding), _positive("weight_step", weight_step)
    modes = Modes(*np.linalg.eigh(noisy), step, late)
    steady = modes.steady_state(_update_of(mode, textbook=textbook), weight, least + moved + output, noisy[0, 0])
    _require_moving(steady.stall, mode, textbook=textbook)
    share = 1 / (1 - steady.gains)
    return FinitePrecisionExcess(
        gradient=steady.gains * share * least,
        weights=steady.noise * share,
        drift=steady.drift * share,
        data=moved * share,
        output=output * share,
        minimum_mse=least,
        stall=steady.stall,
        gain=steady.gain,
    )


def small_step_excess(
    R: ArrayLike,
    step_size: float,
    *,
    minimum_mse: float,
    weight_step: float,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    textbook: bool = False,
) -> float:
    r"""Return the excess of small steps, gradient and rounded weights (asymptotic as the step size falls, any delay).

    .. math:: \tfrac12 \kappa \mu J_{\min} \operatorname{tr} R + \frac{N \sigma_c^2}{2 \kappa \mu}

    with κ and σ_c² of :func:`fxp.rounded_update` at ρ = q/(2·μ·√(J_min·tr R/N)); textbook: 1 and q²/12 (STOCHASTIC
    q²/6).

    Assumptions: as :func:`fxp.finite_precision_excess`; μ·tr R far below 1/(1 + D).

    Parameters
    ----------
    R, step_size, minimum_mse, weight_step, rounding
        As in :func:`fxp.finite_precision_excess`; only modes without a mean.
    textbook : bool
        Take the noise of large updates whatever the stall.

    Returns
    -------
    float
        In the unit of the mean square error.

    Raises
    ------
    ValueError
        An argument is out of range, or the mode has a mean.

    References
    ----------
    Derivation: :ref:`derivation-lms_small_step_words`.

    Examples
    --------
    >>> import numpy as np
    >>> excess = small_step_excess(np.eye(3), 2**-6, minimum_mse=1.0, weight_step=2**-7, textbook=True)
    >>> round(excess, 5), round(2**-6 * 3 / 2 + 3 * 2**-14 / 12 / (2 * 2**-6), 5)
    (0.02393, 0.02393)
    """
    matrix, step = _matrix(R), _positive("step_size", step_size)
    least, weight = _positive("minimum_mse", minimum_mse), _positive("weight_step", weight_step)
    rounded = _update_of(Rounding.of(rounding), textbook=textbook)(weight / (2 * step * np.sqrt(least * matrix[0, 0])))
    if rounded.mean != 0:
        raise ValueError(f"rounding={rounding!r} has a mean, which moves the weights: see fxp.weight_drift")
    gained = rounded.gain * step
    return float(gained * least * np.trace(matrix) / 2 + len(matrix) * weight**2 * rounded.variance / (2 * gained))


def weight_drift(
    R: ArrayLike, step_size: float, *, weight_step: float, rounding: Rounding | str = Rounding.FLOOR
) -> Floats:
    r"""Return the bias E[w] − w* of weights that are rounded down or up (asymptotic for updates of many steps).

    .. math:: E[w] - w^* = \mp \frac{q}{2 \mu} R^{-1} \mathbf{1}

    Rounding takes half a step at each update, and the bias grows until the gradient gives as much back: at any delay.

    Assumptions: regressors that are independent from one iteration to the next; updates of many steps. Up to a stall
    indicator of 0.4 the bias is at most a hundredth smaller.

    Parameters
    ----------
    R : array_like of float, shape (N, N)
        Autocorrelation matrix of the regressor, symmetric, positive definite, of equal entries on its diagonal.
    step_size : float
        μ, positive; 2·μ where the update is w + 2·μ·e·x.
    weight_step : float
        Distance q of neighbouring weights, positive.
    rounding : Rounding or str
        Mode of the weights, any but TOWARD_ZERO; one without a mean leaves no bias.

    Returns
    -------
    ndarray of float64, shape (N,)
        In the unit of the weights.

    Raises
    ------
    ValueError
        An argument is out of range.

    References
    ----------
    Derivation: :ref:`derivation-lms_weight_drift`.

    Examples
    --------
    >>> import numpy as np
    >>> weight_drift(np.eye(2) / 4, 2**-4, weight_step=2**-10)
    array([-0.03125, -0.03125])
    """
    matrix, step = _matrix(R), _positive("step_size", step_size)
    each = float(rounded_update(0.0, rounding=rounding).mean) * _positive("weight_step", weight_step) / step
    return np.asarray(np.linalg.solve(matrix, np.full(len(matrix), each)))


def _update_of(mode: Rounding, *, textbook: bool) -> Update:
    """Return the function from stall indicator to mean, gain and variance of the rounded update."""
    if not textbook:
        return lambda stall: rounded_update(stall, rounding=mode)
    error = rounding_error(mode)
    return lambda _: RoundedUpdate(np.asarray(error.mean), np.asarray(1.0), np.asarray(error.variance))


def _require_moving(stall: float, mode: Rounding, *, textbook: bool) -> None:
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


def _matrix(R: ArrayLike) -> Floats:
    """Return the autocorrelation matrix of data of one power, none of whose directions is without power."""
    matrix = autocorrelation_matrix(R)
    if matrix.ndim != 2:
        raise ValueError(f"R of shape {matrix.shape} is not one matrix: call once for each")
    powers = np.diag(matrix)
    if np.ptp(powers) > UNEQUAL * powers.max():
        raise ValueError(f"R has the powers {powers} on its diagonal, which are not one: scale the data to one power")
    if np.linalg.eigvalsh(matrix)[0] <= 1e-12 * powers.max() * len(powers):
        raise ValueError("R is singular: rounding moves the weights without end where nothing pulls them back")
    return matrix


def _data_excess(matrix: Floats, noisy: Floats, optimal_weights: ArrayLike | None) -> float:
    noise = noisy[0, 0] - matrix[0, 0]
    if not noise:
        return 0.0
    if optimal_weights is None:
        raise ValueError("optimal_weights=None are not given: what rounded data cost depends on them")
    weights = reals("optimal_weights", optimal_weights, remedy="give w*")
    if weights.shape != matrix.shape[:1]:
        raise ValueError(
            f"optimal_weights of shape {weights.shape} are not of shape {matrix.shape[:1]}: give one a tap"
        )
    return float(noise * weights @ matrix @ np.linalg.solve(noisy, weights))


def _positive(name: str, value: float, *, minimum: float = POSITIVE) -> float:
    return float(one(name, reals(name, value, minimum=minimum, remedy="see fxp.finite_precision_excess")))
