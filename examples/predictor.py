"""
Bits of a linear predictor
==========================

Three taps predict a Gaussian process in words of few bits. The noise model wants the range of the inputs as narrow as
can be; the exact loss, :func:`fxp.predictor_loss`, counts what overload costs.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

# %%
# The process has unit white noise through a short filter; the optimal predictor leaves 1.7 dB less than its power.
process = fxp.Process([0.1, 0.5, -0.5, 0.1])
predictor = fxp.optimal_predictor(process, 3)
word_lengths = np.arange(2, 13)
weights = fxp.Format(12, 11)

# %%
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
for number, end in enumerate((1, 2, 4)):
    formats = [fxp.Format.for_range(-end, end, int(bits)) for bits in word_lengths]
    exact = [fxp.predictor_loss(process, predictor, fmt, weights).loss_db for fmt in formats]
    noise = [fxp.fir_noise(predictor.weights, process.power, fmt.step, 0.0) for fmt in formats]
    axis.semilogy(word_lengths, exact, color=f"C{number}", label=f"inputs on [−{end}, {end})")
    axis.semilogy(word_lengths, 10 * np.log10(1 + np.array(noise) / predictor.mse), "--", color=f"C{number}")
axis.axhline(0.1, color="0.5", linewidth=0.8)
axis.set(xlabel="word length of the inputs (bits)", ylabel="loss (dB); dashed: noise model")
axis.grid(alpha=0.3)
axis.legend()

# %%
# A wider range costs granular noise, which more bits repair; a narrow one costs overload, which they do not. The fewest
# bits for 0.1 dB, and the cheapest pair of lengths:
best = fxp.predictor_bits(process, 3, loss_db=0.1)
for name, design in (("equal", best.equal), ("cheapest", best.cheapest)):
    words = f"{design.x_format} inputs by {design.w_format} weights"
    print(f"{name}: {words}, {design.full_adders} full adders, {design.loss.loss_db:.3f} dB")
