"""How fast a recursive circuit can be clocked: data-flow graphs, retiming, and the loop delay that a clock needs."""
