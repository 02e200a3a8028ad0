"""
Overload against granular noise
===============================

An 8-bit word for a Gaussian signal: a fine step clips the tails, a coarse one rounds everything more. The two noise
powers cross near the best clip level. All by exact integrals, :func:`fxp.quantizer_noise`.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

# %%
# The format stays, and the signal is scaled: a range of r rms is a signal of rms 1/r on [-1, 1).
word_bits = 8
fmt = fxp.Format(word_bits, word_bits - 1)
ranges = np.geomspace(1, 16, 49)
noises = [fxp.quantizer_noise(fmt, fxp.Signal.gaussian(1 / range_in_rms)) for range_in_rms in ranges]
granular_db, overload_db, total_db = (
    10 * np.log10([getattr(noise, part) / noise.signal_power for noise in noises])
    for part in ("granular", "overload", "noise_power")
)

# %%
best = fxp.optimal_clip(fxp.Signal.gaussian(), word_bits)
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
axis.plot(ranges, total_db, "k", label="both")
axis.plot(ranges, granular_db, "--", label="granular")
axis.plot(ranges, overload_db, "--", label="overload")
axis.plot(
    float(best), -best.sqnr_db, "o", color="tab:red", label=f"optimum: {float(best):.2f} rms, {best.sqnr_db:.2f} dB"
)
axis.set_xscale("log", base=2)
axis.set(xlabel="range (rms of the signal)", ylabel="noise to signal (dB)", ylim=(-60, 0))
axis.grid(alpha=0.3)
axis.legend()

# %%
# To the left the noise rises steeply, to the right by 6 dB an octave: when in doubt, take the wider range.
for range_in_rms in (2, 3, float(best), 5, 8):
    noise = fxp.quantizer_noise(fmt, fxp.Signal.gaussian(1 / range_in_rms))
    print(
        f"range of {range_in_rms:.2f} rms: {noise.sqnr_db:5.2f} dB, {noise.overload_probability:.2g} of all values clip"
    )
