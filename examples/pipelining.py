r"""
Registers for a faster clock
============================

An LMS predictor is clocked at the pace of one multiplication. That takes a delay of its update, which
:func:`fxp.min_loop_delay` finds, and registers in the right places, which :func:`fxp.retime` finds. The delay buys the
clock; its price is a smaller step size.
"""

import matplotlib.pyplot as plt

import fxp
from sims.flow_figures import lms_figure

multiplier, adder = 10, 1
units = {"taps": 3, "multiplier_delay": multiplier, "adder_delay": adder}
delay = fxp.min_loop_delay(fxp.lms_graph(**units), multiplier)
graph = fxp.lms_graph(**units, delay=delay)
retimed = fxp.retime(graph, multiplier)

# %%
# Bars are registers. As written down, all of the delay stands in one place, and only its first register cuts the
# slowest path, which is red. Retiming spreads the registers: no loop has one more or one less.
figure = lms_figure({f"D = {delay}, as written down": graph, f"D = {delay}, retimed": retimed})
plt.figure(figure)
print(f"without a delay: a clock period of {fxp.critical_path(fxp.lms_graph(**units))}")
print(f"as written down: {fxp.critical_path(graph)}, retimed: {fxp.critical_path(retimed)}")
for title, each in {"as written down": graph, "retimed": retimed}.items():
    print(f"from the newest sample of the delay line to y, {title}: {fxp.latency(each, 'tap 1', 'y')}")

# %%
# The best period against the delay. Registers are whole: the iteration bound is not always reached.
delays = range(8)
graphs = [fxp.lms_graph(**units, delay=each) for each in delays]
figure, axis = plt.subplots(figsize=(7, 4.2), layout="constrained")
axis.plot(delays, [fxp.critical_path(each) for each in graphs], "s:", label="as written down")
axis.plot(delays, [fxp.min_period(each).period for each in graphs], "o-", label="retimed")
axis.plot(delays, [fxp.iteration_bound(each) for each in graphs], "k--", label="iteration bound")
axis.set(xlabel="delay D of the update", ylabel="clock period (additions)")
axis.grid(alpha=0.3)
axis.legend()

# %%
# How much delay the clock needs depends on T_M/T_A, and on how the products are added.
for adders in ("chain", "tree"):
    for region in fxp.loop_delay_regions(taps=8, adders=adders):
        end = f"to {region.high}" if region.high else "upwards"
        print(f"8 taps, {adders}: D = {region.delay} from T_M/T_A = {region.low} {end}")
