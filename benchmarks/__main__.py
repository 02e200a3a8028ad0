"""Time fxp beside other libraries, on an idle machine: ``python -m benchmarks [NAME ...] [--write]``.

Without a name it lists the benchmarks. ``--write`` keeps the tables in benchmarks/results.json, and brings README.md
and docs/speed.md up to date with all that is there.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.tables import Table, markdown, summary, table_of
from fxp.files import replacing

NAMES = (
    "encode",
    "exact_matmul",
    "saturating_matmul",
    "accumulators",
    "convolution",
    "inference",
    "importing",
    "lms",
    "lms_limits",
)
RESULTS = Path(__file__).with_name("results.json")
ROOT = RESULTS.parents[1]
BEGIN, END = "<!-- python -m benchmarks --write: begin -->", "<!-- end -->"


def run(name: str) -> list[Table]:
    """Run a benchmark and print its tables."""
    tables = list(import_module(f"benchmarks.{name}").tables())
    for table in tables:
        print(f"\n{markdown(table)}", flush=True)
    return tables


def kept() -> dict[str, dict]:
    """Return what was kept: by name the machine and the tables of a benchmark."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def keep(results: Mapping[str, dict]) -> None:
    with replacing(RESULTS) as draft:
        draft.write_text(f"{json.dumps(results, indent=1, ensure_ascii=False)}\n", encoding="utf-8")


def pages(results: Mapping[str, dict]) -> dict[str, str]:
    """Return what README.md and docs/speed.md say of these results, between their marks."""
    ordered = [results[name] for name in NAMES if name in results]
    machines = "\n".join(f"Measured on {each}." for each in dict.fromkeys(result["machine"] for result in ordered))
    tables = [table_of(table) for result in ordered for table in result["tables"]]
    full = "\n\n".join(markdown(table) for table in tables)
    return {"README.md": f"{summary(tables)}\n\n{machines}", "docs/speed.md": f"{full}\n\n{machines}"}


def write(page: Path, text: str) -> None:
    """Put a text between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    with replacing(page) as draft:
        draft.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of {', '.join(NAMES)}")
    parser.add_argument("--write", action="store_true", help="keep the tables, and write them into README and docs")
    options = parser.parse_args()
    names = NAMES if options.names == ["all"] else options.names
    if unknown := set(names) - set(NAMES):
        parser.error(f"{', '.join(sorted(unknown))}: there is no such benchmark; choose from {', '.join(NAMES)}")
    if not names:
        print("\n".join(import_module(f"benchmarks.{name}").__doc__.partition("\n")[0] for name in NAMES))
    print(machine())
    found = {name: {"machine": machine(), "tables": [asdict(table) for table in run(name)]} for name in names}
    if options.write:
        results = kept() | found
        keep(results)
        for name, text in pages(results).items():
            write(ROOT / name, text)


if __name__ == "__main__":
    main()
