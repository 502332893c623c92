"""Fits a hundred million rows: draws them into Parquet files from a mixture that is known, fits the query, and says
what it took and how far the fit is from what was drawn. The files are deleted at the end.

Needs numpy and polars, as `make bench-file` does.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import polars

ROOT = Path(__file__).resolve().parent.parent.parent
# By x − y, as the fitted ones are sorted.
WEIGHTS, MEANS = numpy.array([0.2, 0.5, 0.3]), numpy.array([[1.0, 5.0], [0.0, 0.0], [4.0, 1.0]])
ROWS_OF_A_FILE = 5_000_000


def write(folder, rows):
    """Unit normals about the means; returns the bytes written."""
    chance = numpy.random.default_rng(1)
    for part, first in enumerate(range(0, rows, ROWS_OF_A_FILE)):
        n = min(ROWS_OF_A_FILE, rows - first)
        x = MEANS[chance.choice(len(WEIGHTS), n, p=WEIGHTS)] + chance.standard_normal((n, 2))
        table = polars.DataFrame({"x": x[:, 0], "y": x[:, 1]})
        table.write_parquet(folder / f"{part:03}.parquet", row_group_size=500_000)
    return sum(file.stat().st_size for file in folder.iterdir())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--program", default=ROOT / "target/release/executable-em-sql", type=Path)
    parser.add_argument("--rows", default=100_000_000, type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "data").mkdir()
        size = write(folder / "data", options.rows)
        print(f"{options.rows} rows, {size / 1e9:.2f} GB")
        query, model = f"SELECT x, y FROM '{folder}/data/*.parquet'", folder / "model.json"
        began = time.time()
        subprocess.run([options.program, "fit", query, "-k", "3", "--out", model], check=True)
        took, memory = time.time() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"{took:.1f} s, at most {memory / 1e6:.2f} GB of memory")
        means = numpy.array(sorted(json.loads(model.read_text())["means"], key=lambda mean: mean[0] - mean[1]))
        errors = (means - MEANS) * numpy.sqrt(options.rows * WEIGHTS)[:, None]
        print(f"means off by at most {numpy.abs(errors).max():.1f} standard errors, were every label known")


main()
