"""
Dither
======

A sine wave of less than one step disappears when it is rounded. Noise that is added first, dither, brings it back: the
error no longer depends on the signal, at the price of more of it (:func:`fxp.dithered_error`).
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

rng = np.random.default_rng(0)
fmt = fxp.Format(8, 0)
samples = 2**16
tone = 0.45 * np.sin(2 * np.pi * 1024.5 * np.arange(samples) / samples)
offset_tone = tone + 0.3
dithers = {
    "none": np.zeros(samples),
    "rectangular": rng.uniform(-0.5, 0.5, samples),
    "triangular": rng.uniform(-0.5, 0.5, (2, samples)).sum(axis=0),
}
rounded = {name: fxp.quantize(offset_tone + dither, fmt) for name, dither in dithers.items()}

# %%
# Without dither the rounded tone is a square wave with all its harmonics. With dither the spectrum holds the tone and
# white noise.
figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharey=True, layout="constrained")
window = np.hanning(samples)
for axis, (name, values) in zip(axes, rounded.items(), strict=True):
    spectrum = np.abs(np.fft.rfft((values - values.mean()) * window)) / window.sum() * 2
    axis.plot(np.linspace(0, 0.5, spectrum.size), 20 * np.log10(spectrum + 1e-7), linewidth=0.5)
    axis.set(title=f"dither: {name}", xlabel="frequency (cycles per sample)", ylim=(-90, 5))
axes[0].set_ylabel("amplitude (dB re one step)")

# %%
# Predicted and measured power of the total error, in steps². Rectangular dither makes the mean of the error independent
# of the signal, triangular dither its variance too.
for name in ("rectangular", "triangular"):
    error = rounded[name] - offset_tone
    fraction = offset_tone % 1
    given = np.array([fxp.dithered_error(name, fraction=each).variance for each in fraction])
    print(f"{name:12} mean square {np.mean(error**2):.4f} measured, {given.mean():.4f} predicted for this signal")
