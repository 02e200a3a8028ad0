"""Which files of the docs hold doctests."""

# The examples of the pages run as doctests; what Sphinx generates, and its own code, is not collected.
collect_ignore_glob = ["conf.py", "_extensions", "_build", "gallery", "reference/generated"]
