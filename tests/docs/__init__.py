import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
NEEDED = ("sphinx", "myst_parser", "sphinx_gallery", "pydata_sphinx_theme", "numpydoc", "sphinx-mathjax-offline")

if missing := [name for name in NEEDED if find_spec(name) is None]:
    pytest.skip(
        f"{', '.join(missing)}: not installed; python -m pip install -c constraints.txt '.[docs]'",
        allow_module_level=True,
    )
sys.path.append(str(DOCS))
