"""What finite words of an LMS filter add to its error in steady state, term by term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import one, reals
from fxp.formats import Rounding
from fxp.lms.modes import Floats, delays
from fxp.lms.rounded_modes import Modes
from fxp.lms.spectra import update_steps
from fxp.lms.word_arguments import positive, regular_matrix, require_moving, update_of

__all__ = ["FinitePrecisionExcess", "finite_precision_excess"]


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

    with the energy h of a mode's impulse response (:ref:`derivation-mode_energy`), the eigenvalues λ of R + σ_x²·I,
    σ_c² = q² times the variance of :func:`fxp.rounded_update` and κ its gain, both at the stall indicator of this very
    J; the bias :math:`\delta = \mp \frac{q}{2 \kappa f \mu} (R + \sigma_x^2 I)^{-1} \mathbf{1}` of FLOOR and CEIL in
    the coordinates of the eigenvectors; and :math:`\Delta J = \sigma_x^2\, w^{*\top} R (R + \sigma_x^2 I)^{-1} w^*`.

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
        w* of the exact data; needed with `data_noise`.
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
    TypeError
        `textbook` is not a bool.
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
    matrix, least = regular_matrix(R), positive("minimum_mse", minimum_mse)
    noisy = matrix + positive("data_noise", data_noise, minimum=0) * np.eye(len(matrix))
    moved, output = _data_excess(matrix, noisy, optimal_weights), positive("output_noise", output_noise, minimum=0)
    step, late = one("step_size", update_steps(step_size, factor)), one("delay", delays(delay))
    mode, weight = Rounding.of(rounding), positive("weight_step", weight_step)
    modes = Modes(*np.linalg.eigh(noisy), step, late)
    steady = modes.steady_state(update_of(mode, textbook=textbook), weight, least + moved + output, noisy[0, 0])
    require_moving(steady.stall, mode, textbook=textbook)
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


def _data_excess(matrix: Floats, noisy: Floats, optimal_weights: ArrayLike | None) -> float:
    noise = noisy[0, 0] - matrix[0, 0]
    if optimal_weights is None and not noise:
        return 0.0
    if optimal_weights is None:
        raise ValueError("optimal_weights=None are not given: what rounded data cost depends on them")
    weights = reals("optimal_weights", optimal_weights, remedy="give w*")
    if weights.shape != matrix.shape[:1]:
        raise ValueError(
            f"optimal_weights of shape {weights.shape} are not of shape {matrix.shape[:1]}: give one a tap"
        )
    return float(noise * weights @ matrix @ np.linalg.solve(noisy, weights))
