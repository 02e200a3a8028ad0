r"""
What a step size does to LMS
============================

Four step sizes of a predictor with three taps, the largest two above the limit of the mean square. Measured are means
over 500 runs; dashed is what the exact moments of the delay line predict, :func:`fxp.moment_operator`.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp
from sims.ensembles import Ensemble, simulate

process = fxp.Process([0.1, 0.5, -0.5, 0.1])
operator = fxp.moment_operator(process, 3, delay=5)
limit = operator.step_limit()
print(f"limit of the mean square at a delay of 5: {limit:.4f}")
print(f"of independent regressors: {fxp.mean_square_step_limit(process.correlation_matrix(3), delay=5):.4f}")

# %%
# Below the limit the prediction runs through the middle of what is measured. Above it both leave; the geometric mean
# over runs (dotted) shows what most of them do.
figure, axis = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
for number, share in enumerate((0.1, 0.5, 1.1, 1.5)):
    ensemble = Ensemble(process, share * limit, delay=5, runs=500, iterations=600)
    found = simulate(ensemble)
    predicted = operator.trajectory(share * limit, 600, initial_error=-np.array(ensemble.optimum.weights))
    color, n = f"C{number}", np.arange(1, 601)
    axis.plot(n, 10 * np.log10(found.controlled.mean), color=color, alpha=0.5, label=f"{share:g} of the limit")
    axis.plot(n, 10 * np.log10(predicted.mse), "--", color=color)
    axis.plot(n, 10 * np.log10(found.typical), ":", color=color)
axis.set(xscale="log", xlabel="iteration n + 1", ylabel="mean square error (dB)", ylim=(-6, 12))
axis.grid(alpha=0.3)
axis.legend()

# %%
# The least error is not reached: the price of a larger step is its misadjustment.
for share in (0.1, 0.5, 0.9):
    exact = operator.misadjustment(share * limit)
    print(
        f"{share:g} of the limit: misadjustment {exact:.3f}, of small steps {share * limit * 3 * process.power / 2:.3f}"
    )
