"""From a CSV file to a fitted model, each contender a whole process: `make bench-file`.

All start from the same parameters, take the same sweeps in 64-bit floats, and take turns; the median of their turns
counts. A referee computes everybody's ℓ, and a mismatch is an error. Writes README.md at the size it has by itself.
"""

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars

from cases import Case, draw, score, start
from compare import machine
from race import TOLERANCE, Mismatch
from table import into, whole

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "target/release/executable-em"
BENCHES = Path(__file__).resolve().parent
README = BENCHES / "README.md"
PARTS = ("weights", "means", "covariances")
READERS = ("pandas", "polars")
SIZE = "6000000,8,5"
# Reads a table, fits it, writes the parameters.
PEER = """
import os, sys, numpy, peer
from cases import Case
reader, makers, path, start, out, sweeps = sys.argv[1:]
if reader == "pandas":
    import pandas
    x = pandas.read_csv(path).to_numpy()
else:
    import polars
    x = polars.read_csv(path).to_numpy(order="c")
given = numpy.load(start)
given = [given[part] for part in ("weights", "means", "covariances")]
make = {"scikit-learn": peer.scikit_learn, "oneDAL": peer.one_dal}[makers]
fit = make(Case(*x.shape, len(given[0])), x, given, os.cpu_count())(int(sweeps))
numpy.savez(out, **dict(zip(("weights", "means", "covariances"), map(numpy.squeeze, map(numpy.array, fit)))))
"""


def model(weights, means, covariances, columns):
    """θ as the program reads it."""
    return {
        "format": 1,
        "kind": "gaussian_mixture",
        "made_by": "the benchmark",
        "family": "full",
        "columns": columns,
        "k": len(weights),
        "d": len(columns),
        "weights": weights.tolist(),
        "means": means.tolist(),
        "covariances": covariances.tolist(),
        "log_likelihood": 0.0,
        "n": 1,
        "sweeps": 0,
        "stopped": "max_sweeps",
        "seed": 1,
    }


def run(command, longest=None):
    """Its seconds and what it printed; None for one that takes longer."""
    begun = time.perf_counter()
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=BENCHES, timeout=longest)
    except subprocess.TimeoutExpired:
        return None, ""
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stderr}")
    return time.perf_counter() - begun, done.stdout


def table_of(x, path):
    """Writes the data as a table, and returns its columns."""
    columns = [f"x{a + 1}" for a in range(x.shape[1])]
    np.savetxt(path, x, delimiter=",", fmt="%.8g", header=",".join(columns), comments="")
    return columns


def parameters(saved):
    """Weights, means and covariances, as a referee takes them."""
    return [np.array(saved[part]) for part in PARTS]


def race(case, sweeps, turns, folder):
    """The median seconds of each contender, and the size of the file in MB."""
    x, labels = draw(case)
    path = folder / "x.csv"
    columns = table_of(x, path)
    x = polars.read_csv(path).to_numpy()
    theta = start(case, x, labels)
    np.savez(folder / "start.npz", **dict(zip(PARTS, theta)))
    (folder / "start.json").write_text(json.dumps(model(*theta, columns)))
    ours = [PROGRAM, "fit", path, "--start", folder / "start.json", "--tol", 0, "--max-iter", sweeps]
    commands = {"executable-em": [*ours, "--out", folder / "executable-em.json"]}
    for reader in READERS:
        for makers in ("scikit-learn", "oneDAL"):
            name = f"{reader} + {makers}"
            task = [reader, makers, path, folder / "start.npz", folder / f"{name}.npz", sweeps]
            commands[name] = [sys.executable, "-c", PEER, *task]
    times = {name: [] for name in commands}
    for _ in range(turns):
        for name, command in commands.items():
            times[name].append(run(command)[0])
    agree(case, x, folder, commands)
    return {name: statistics.median(of) for name, of in times.items()}, path.stat().st_size / 1e6


def agree(case, x, folder, names):
    """That all have come to the same ℓ."""
    found = {}
    for name in names:
        if name == "executable-em":
            saved = json.loads((folder / f"{name}.json").read_text())
        else:
            saved = np.load(folder / f"{name}.npz")
        found[name] = score(case, x, *parameters(saved))
    low, high = min(found.values()), max(found.values())
    if high - low > TOLERANCE * abs(high):
        raise Mismatch(f"ℓ differs: {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="?", default=SIZE, help="n,d,k")
    parser.add_argument("--sweeps", type=int, default=20)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    case = Case(*map(int, asked.size.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        times, size = race(case, asked.sweeps, asked.turns, Path(folder))
    packages = {"pandas": "pandas", "polars": "polars", "scikit-learn": "scikit-learn", "oneDAL": "daal"}
    table = whole({
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {name: version(package) for name, package in packages.items()},
        "size": str(case),
        "megabytes": size,
        "sweeps": asked.sweeps,
        "turns": asked.turns,
        "seconds": times,
    })
    print(table)
    if asked.size == SIZE:
        README.write_text(into(README.read_text(), table, "bench-file"))


if __name__ == "__main__":
    main()
