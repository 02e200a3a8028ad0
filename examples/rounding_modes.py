"""
Errors of the rounding modes
============================

What each rounding mode does to a value between two codes: the error, rounded − exact, is counted over a million values
and set beside the exact mean and variance of :func:`fxp.rounding_error`.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

# %%
# A Gaussian signal of 1000 steps rms is continuous input: its fraction between two codes is uniform to many digits.
# Even 2 steps would do, but for TOWARD_ZERO, which looks at magnitudes: their density has an edge at zero, and the
# variance approaches its limit only like one over the rms.
rng = np.random.default_rng(0)
fmt = fxp.Format(18, 0)
x = rng.normal(scale=1000, size=1_000_000)
modes = ("FLOOR", "CEIL", "TOWARD_ZERO", "HALF_EVEN", "STOCHASTIC")
errors = {mode: fxp.quantize(x, fmt, rounding=mode, rng=rng) - x for mode in modes}

# %%
# TOWARD_ZERO mixes FLOOR and CEIL by the sign of the value, STOCHASTIC by a chance that depends on the fraction. The
# dashed lines mark the predicted mean and one standard deviation to either side.
figure, axes = plt.subplots(1, len(modes), figsize=(11, 2.8), sharey=True, layout="constrained")
for axis, (mode, error) in zip(axes, errors.items(), strict=True):
    predicted = fxp.rounding_error(mode)
    axis.hist(error, bins=np.linspace(-1, 1, 65), density=True, color="tab:blue", alpha=0.6)
    for deviations in (-1, 0, 1):
        axis.axvline(predicted.mean + deviations * predicted.variance**0.5, color="black", linestyle="--", linewidth=1)
    axis.set(title=mode, xlabel="error (steps)", xticks=(-1, -0.5, 0, 0.5, 1))
axes[0].set_ylabel("density")

# %%
# Predicted and measured, in steps and steps². The means of a million values scatter by about 0.0003 steps.
for mode, error in errors.items():
    predicted = fxp.rounding_error(mode)
    print(
        f"{mode:12}  mean {predicted.mean:+.4f} predicted, {error.mean():+.4f} measured;  "
        f"variance {predicted.variance:.4f} predicted, {error.var():.4f} measured"
    )

# %%
# Input that already lies on a finer grid, of k more fractional bits, meets ties. They make HALF_UP biased and the
# unbiased modes a little noisier than :math:`1/12`; four bits later the difference is gone.
for dropped_bits in (1, 2, 3, 4, 8, None):
    up, even = (fxp.rounding_error(mode, dropped_bits=dropped_bits) for mode in ("HALF_UP", "HALF_EVEN"))
    given = "continuous" if dropped_bits is None else f"k = {dropped_bits}"
    print(f"{given:10}  HALF_UP mean {up.mean:+.4f};  variance × 12: {12 * up.variance:.4f}, {12 * even.variance:.4f}")
