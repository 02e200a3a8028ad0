"""
Bits of a trained weight
========================

A system of three weights learns the angle of a point on the unit circle. How much does its cost rise when one weight is
stored in a short word? What four rules expect, and what happens, :func:`fxp.rounding_loss`.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm

import fxp

# %%
# The weights that gradient descent found. The cost has a closed form, with slopes and curvature.
weights = np.array([0.9547247, -0.8316406, 0.7071791])
local = fxp.LocalCost(
    lambda w: float(fxp.angle_cost(w)), weights, fxp.angle_gradient(weights), fxp.angle_hessian(weights)
)

# %%
# The first weight in words on [-1, 1). At four bits and fewer it rounds to 1, which such a word does not have. From
# seven bits on the change may as well be a fall: these weights are not quite at the minimum.
word_bits = np.arange(1, 11)
steps = 2.0 ** (1 - word_bits)
losses = [fxp.rounding_loss(local, 0, fxp.Format(int(bits), int(bits) - 1)) for bits in word_bits]
slope, curvature = abs(local.gradient[0]), local.hessian[0, 0]
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
axis.semilogy(word_bits, np.abs([loss.total for loss in losses]) / local.value, "k.-", label="bit-true")
axis.semilogy(
    word_bits, np.abs([loss.granular for loss in losses]) / local.value, "s", color="C0", label="granular part"
)
axis.semilogy(word_bits, (slope * steps / 2 + curvature * steps**2 / 8) / local.value, "C1--", label="worst case")
axis.semilogy(word_bits, curvature * steps**2 / 24 / local.value, "C2--", label="uniform noise")
axis.semilogy(word_bits, slope * steps / 2 / local.value, "C3:", label="first order")
axis.set(xlabel="bits", ylabel="change of the cost (share of it)")
axis.grid(alpha=0.3)
axis.legend()

# %%
# The first-order rule sees a slope that is next to zero at a minimum, and is void; saturation is in none of the rules.
for rule in fxp.BitRule:
    answer = fxp.weight_bits(local, 0, budget=0.01, rule=rule)
    print(f"{rule}: {f'{answer.bits} bits' if answer.bits else f'void, {answer.why_void}'}")

# %%
# Where gradient descent may end: along the best angle of each scale the cost has one minimum; on the other side of the
# axis the output collapses to zero, and the cost stays at π²/3.
scales = np.geomspace(0.05, 20, 200)
angles = np.linspace(-np.pi / 2, np.pi / 2, 181)
grid = np.stack(
    [*np.broadcast_arrays(np.cos(angles)[:, None], np.sin(angles)[:, None], scales[None, :])],
    axis=-1,
)
excess = fxp.angle_cost(grid) - np.pi**2 / 3
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
levels = [-0.22, -0.2, -0.15, -0.1, -0.05, -0.01, 0, 0.05, 0.2, 0.5, 1, 2, 4]
drawn = axis.contourf(scales, angles, excess, levels, cmap="RdBu_r", norm=TwoSlopeNorm(0, -0.25, 4), extend="both")
best = fxp.angle_minimum()
axis.plot(scales, [fxp.best_angle(scale) for scale in scales], "k", linewidth=1, label="best angle")
axis.plot(best.scale, best.angle, "o", color="tab:red", label=f"minimum, C = {best.cost:.4f}")
axis.set(xscale="log", xlabel="scale w3 (w1² + w2²)", ylabel="angle of (w1, w2)")
figure.colorbar(drawn, label="C − π²/3 (rad²)")
axis.legend(loc="upper right")
