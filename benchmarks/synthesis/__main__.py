"""Synthesise dot products with Yosys and compare the formulas of fxp.costs: ``python -m benchmarks.synthesis``.

Results are kept in benchmarks/synthesis/results.json; what is there is not done again. ``--table`` only prints the
tables from it and needs no Yosys.
"""

import json
import sys
from pathlib import Path

from benchmarks.synthesis import designs, tables, yosys
from fxp.files import replacing

RESULTS = Path(__file__).with_name("results.json")


def load() -> dict[str, object]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {"synthesiser": yosys.version(), "records": []}


def save(results: dict[str, object]) -> None:
    lines = ",\n".join(json.dumps(record) for record in results["records"])
    with replacing(RESULTS) as draft:
        draft.write_text(f'{{"synthesiser": {json.dumps(results["synthesiser"])}, "records": [\n{lines}\n]}}\n')


def run() -> None:
    results = load()
    done = [{name: record[name] for name in (*tables.POINT, "structure")} for record in results["records"]]
    missing = [design for design in designs.designs() if design not in done]
    for count, design in enumerate(missing, start=1):
        results["records"].append(design | designs.measure(**design))
        save(results)
        print(f"{count}/{len(missing)} {results['records'][-1]}", flush=True)


def main() -> None:
    try:
        if "--table" not in sys.argv[1:]:
            run()
        print(tables.markdown(load()["records"]))
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
