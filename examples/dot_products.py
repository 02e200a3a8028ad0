r"""
Dot products, longer and longer
===============================

A dot product whose output word spans everything that N products can reach wastes bits: the largest sum grows like N,
the typical one like :math:`\sqrt N`, so each doubling of N costs 3 dB of SQNR. :func:`fxp.sqnr_dot` against a bit-true
simulation.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

rng = np.random.default_rng(0)
operand = fxp.Signal.uniform(-1, 1)
lengths = 2 ** np.arange(9)


def measured_sqnr_db(output_bits: int, length: int, runs: int = 20_000) -> float:
    """Return the SQNR of dot products that are rounded to a word over their full range [-N, N)."""
    x, w = (operand.sample(rng, (runs, length)) for _ in range(2))
    exact = (x * w).sum(axis=1)
    rounded = fxp.quantize(exact, fxp.Format.for_range(-length, length, output_bits))
    return float(10 * np.log10(np.mean(exact**2) / np.mean((rounded - exact) ** 2)))


# %%
# Lines are predictions, dots are measured.
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
for output_bits in (6, 8, 10, 12):
    predicted = fxp.sqnr_dot(output_bits, lengths, operand.par_db, operand.par_db)
    measured = [measured_sqnr_db(output_bits, int(length)) for length in lengths]
    (line,) = axis.plot(lengths, predicted, label=f"{output_bits} bits")
    axis.plot(lengths, measured, "o", color=line.get_color())
    print(f"{output_bits:2} bits: largest |measured − predicted| {np.max(np.abs(measured - predicted)):.2f} dB")
axis.set_xscale("log", base=2)
axis.set(xlabel="products N", ylabel="SQNR (dB)")
axis.grid(alpha=0.3)
axis.legend(title="output word")

# %%
# Turned around: the least output word for 40 dB.
bits = fxp.output_bits_for_sqnr(40, lengths, operand.par_db, operand.par_db)
for length, word in zip(lengths, bits, strict=True):
    print(f"N = {length:3}: {word} bits")
