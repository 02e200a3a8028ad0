"""
SQNR and word length
====================

What B bits give to signals of different laws, each clipped at its best level: exact figures of
:func:`fxp.optimal_clip` against the 6-dB rule of :func:`fxp.sqnr_rule`, which knows the peak alone.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

signals = {
    "uniform": fxp.Signal.uniform(-1, 1),
    "sinusoid": fxp.Signal.sinusoid(),
    "Gaussian": fxp.Signal.gaussian(),
    "Laplace": fxp.Signal.laplace(),
    "Gaussian after ReLU": fxp.Signal.relu_gaussian(),
}
word_bits = np.arange(1, 13)

# %%
# Heavy tails cost: at 8 bits a Laplace signal is more than 10 dB below a uniform one. A Gaussian after a
# ReLU gains nearly a bit, since its word is unsigned; its zeros, which have no error, halve signal and noise alike.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for name, signal in signals.items():
    best = [fxp.optimal_clip(signal, int(bits)) for bits in word_bits]
    sqnr_db = [clip.sqnr_db for clip in best]
    left.plot(word_bits, sqnr_db, marker=".", label=name)
    right.plot(word_bits, [float(clip) / signal.rms for clip in best], marker=".", label=name)
    print(f"{name:20} {sqnr_db[7]:6.2f} dB at 8 bits, clipped at {float(best[7]) / signal.rms:.2f} rms")
left.plot(word_bits, fxp.sqnr_rule(word_bits, signals["uniform"].par_db), "k:", label="6-dB rule, uniform")
left.set(xlabel="word length (bits)", ylabel="SQNR (dB)")
right.set(xlabel="word length (bits)", ylabel="best clip level (rms)")
left.legend()
for axis in (left, right):
    axis.grid(alpha=0.3)

# %%
# The optimum moves outwards as bits are added, for every law with tails, so that each bit gains less than 6.02 dB:
gaussian = [fxp.optimal_clip(signals["Gaussian"], int(bits)).sqnr_db for bits in word_bits]
for bits, gain_db in zip(word_bits[1:], np.diff(gaussian), strict=True):
    print(f"from {bits - 1:2} to {bits:2} bits: {gain_db:.2f} dB")
