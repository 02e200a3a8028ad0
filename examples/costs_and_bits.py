"""
What a bit costs
================

Storage falls in proportion to the word length, multipliers with its square. The full adders and the gate area of one
dot product, by the conventions of :func:`fxp.computational_cost` and by :func:`fxp.gate_area`.
"""

import matplotlib.pyplot as plt
import numpy as np

import fxp

layer = [fxp.LayerShape("dot", dot_length=16, dots=1, weights=16, activations=16)]
word_bits = np.arange(2, 13)
conventions = ("published", "printed", "tree", "compressor")

# %%
# All conventions but *compressor* count the adders inside the products a second time. At 2 bits that is a factor of
# three, so they understate what the last bits save.
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
for convention in conventions:
    adders = [fxp.computational_cost(layer, int(bits), int(bits), convention=convention) for bits in word_bits]
    axis.semilogy(word_bits, adders, marker="o", label=f"{convention} (full adders)")
area = [fxp.gate_area(layer, int(bits), int(bits)) for bits in word_bits]
axis.semilogy(word_bits, area, "k--", marker="s", label="gate area (full-adder equivalents)")
axis.set(xlabel="bits of both operands", ylabel="cost of 16 products and their sum")
axis.grid(which="both", alpha=0.3)
axis.legend()

# %%
# What cutting 8 bits to 4 and to 2 is said to save:
for convention in conventions:
    eight, four, two = (fxp.computational_cost(layer, bits, bits, convention=convention) for bits in (8, 4, 2))
    print(f"{convention:10}  8 → 4: {eight / four:4.1f} ×   8 → 2: {eight / two:4.1f} ×")
eight, four, two = (fxp.gate_area(layer, bits, bits) for bits in (8, 4, 2))
print(f"{'gate area':10}  8 → 4: {eight / four:4.1f} ×   8 → 2: {eight / two:4.1f} ×")
