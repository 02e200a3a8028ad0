"""Settings of Sphinx: ``make docs``."""

import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def mathjax() -> Path:
    """Return MathJax in one file with its glyphs: pages need neither a network nor fonts to show mathematics."""
    package = find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            "sphinx-mathjax-offline is not installed: python -m pip install -c constraints.txt '.[docs]'"
        )
    return Path(package.origin).parent / "static" / "mathjax" / "tex-svg-full.js"


project = "fxp"
author = "the fxp developers"
project_copyright = author
version = release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
    "_extensions.directives",
    "_extensions.reference",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "gallery/*.py", "gallery/*.ipynb"]
nitpicky = True

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Inline code of pages is prose's, not a cross-reference: names are linked by roles.
default_role = "literal"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "capture_repr": (),
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 10**6,
    "write_computation_times": False,
    "plot_gallery": True,
}

html_theme = "pydata_sphinx_theme"
html_title = f"fxp {release}"
html_static_path = ["_static", str(mathjax())]
html_css_files = ["fxp.css"]
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it would fetch pages, which browsers refuse for local files
html_sidebars = {page: [] for page in ("index", "ledger", "statistics", "conventions", "errata")}
html_theme_options = {
    "header_links_before_dropdown": 9,
    "navbar_persistent": [],
    "navbar_end": ["search-button", "theme-switcher"],
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "article_footer_items": [],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": False,
}
html_context = {"default_mode": "auto"}
mathjax_path = "tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "global"}}
