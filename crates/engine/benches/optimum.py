"""What users wait for: from a CSV file to the best optimum, each contender a whole process; part of `make bench-file`.

Our program runs as it does by default, the others from ten starts of their own, until a sweep gains no more than 1e-8
nats a datum, in 64-bit floats, on all cores. A referee computes everybody's ℓ, and by how much it falls short of the
highest stands beside the time. Who needs more than five minutes is stopped. Writes README.md.
"""

import datetime
import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars

from cases import SEED, Case, draw, score
from compare import machine
from table import into, optima
from whole import PROGRAM, README, ROOT, parameters, run, table_of

LONGEST = 300
# scikit-learn adds 10⁻⁶ to every variance. A component that has hardly more is on data that are alike, where ℓ has no
# maximum: nothing to compare with.
SPIKE = 1e-4
FAMILIES = ["full", "tied", "diagonal", "spherical"]
# Reads the table, and writes the parameters of the best of ten runs for each family and k.
PEER = """
import json, sys, warnings, numpy, polars
makers, path, out, ks, families = sys.argv[1:]
x = polars.read_csv(path).to_numpy(order="c")
n, d = x.shape

def scikit_learn(k, family):
    from sklearn.mixture import GaussianMixture
    covariance = {"diagonal": "diag"}.get(family, family)
    fit = GaussianMixture(k, covariance_type=covariance, n_init=10, tol=1e-8, max_iter=1000, random_state=1).fit(x)
    covariances = fit.covariances_
    if family == "tied":
        covariances = numpy.array([covariances] * k)
    if family == "diagonal":
        covariances = covariances[:, :, None] * numpy.eye(d)
    if family == "spherical":
        covariances = covariances[:, None, None] * numpy.eye(d)
    return fit.weights_, fit.means_, covariances

def one_dal(k, family):
    import daal4py
    best = None
    for seed in range(10):
        engine = daal4py.engines_mt19937(seed=seed + 1)
        try:
            start = daal4py.em_gmm_init(k, nTrials=1, engine=engine).compute(x)
            fit = daal4py.em_gmm(k, maxIterations=1000, accuracyThreshold=1e-8 * n).compute(
                x, start.weights, start.means, start.covariances)
        except RuntimeError:
            continue
        if best is None or fit.goalFunction[0, 0] > best.goalFunction[0, 0]:
            best = fit
    return best.weights[0], best.means, numpy.array(best.covariances)

warnings.simplefilter("ignore")
make = {"scikit-learn": scikit_learn, "oneDAL": one_dal}[makers]
found = {f"{family} {k}": [part.tolist() for part in make(k, family)]
         for family in families.split(",") for k in json.loads(ks)}
json.dump(found, open(out, "w"))
"""


def apart():
    """Five unit normals in four dimensions, their centres three standard deviations wide."""
    random = np.random.Generator(np.random.PCG64(SEED))
    centres = 3 * random.normal(size=(5, 4))
    return centres[random.integers(5, size=300_000)] + random.standard_normal((300_000, 4))


def races():
    """What is fitted: its name, the data, every k and family."""
    faithful = draw(Case(272, 2, 2))[0]
    yield "Old Faithful, k = 1 to 9, full", faithful, list(range(1, 10)), FAMILIES[:1]
    yield "Old Faithful, k = 1 to 9, four families", faithful, list(range(1, 10)), FAMILIES
    small, large = Case(100_000, 2, 5), Case(1_000_000, 8, 16)
    yield str(small), draw(small)[0], [small.k], FAMILIES[:1]
    yield "300 000, 4, 5 apart", apart(), [5], FAMILIES[:1]
    yield str(large), draw(large)[0], [large.k], FAMILIES[:1]


def ours(path, x, ks, families, folder):
    """Seconds, and ℓ of each fit."""
    covariance = families[0] if len(families) == 1 else "all"
    asked = f"{ks[0]}..{ks[-1]}" if len(ks) > 1 else ks[0]
    out = folder / "model.json"
    seconds, said = run([PROGRAM, "fit", path, "-k", asked, "--covariance", covariance, "--out", out], LONGEST)
    if len(ks) == 1:
        theta = parameters(json.loads(out.read_text()))
        return seconds, {f"{families[0]} {ks[0]}": score(Case(*x.shape, ks[0]), x, *theta)}
    # Of several fits the table says ℓ, to three decimals.
    row = re.compile(r"^(\d+) +(?:(" + "|".join(FAMILIES) + r") +)?(-\d+\.\d+) ", re.MULTILINE)
    return seconds, {f"{family or families[0]} {k}": float(value) for k, family, value in row.findall(said)}


def theirs(makers, path, x, ks, families, folder):
    out = folder / f"{makers}.json"
    seconds, _ = run([sys.executable, "-c", PEER, makers, path, out, json.dumps(ks), ",".join(families)], LONGEST)
    if seconds is None:
        return None, {}
    found = {}
    for name, parts in json.loads(out.read_text()).items():
        theta = [np.array(part) for part in parts]
        if np.linalg.eigvalsh(theta[2]).min() > SPIKE:
            found[name] = score(Case(*x.shape, len(theta[0])), x, *theta)
    return seconds, found


def race(name, x, ks, families, folder):
    path = folder / "x.csv"
    table_of(x, path)
    x = polars.read_csv(path).to_numpy()
    turns = 3 if len(x) < 1000 else 1
    results = {"executable-em": [ours(path, x, ks, families, folder) for _ in range(turns)]}
    results["scikit-learn"] = [theirs("scikit-learn", path, x, ks, families, folder) for _ in range(turns)]
    # It has no tied nor spherical covariances.
    if families == FAMILIES[:1]:
        results["oneDAL"] = [theirs("oneDAL", path, x, ks, families, folder) for _ in range(turns)]
    best = {}
    for of in results.values():
        for fit, value in of[0][1].items():
            best[fit] = max(value, best.get(fit, value))
    contenders = {}
    for contender, of in results.items():
        took = [seconds for seconds, _ in of if seconds is not None]
        short = [(best[fit] - value) / len(x) for fit, value in of[0][1].items()]
        contenders[contender] = {"seconds": float(np.median(took)) if took else None, "short": max(short, default=None)}
        print(name, contender, contenders[contender], file=sys.stderr, flush=True)
    return {"name": name, "contenders": contenders}


def main():
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        rows = [race(*asked, Path(folder)) for asked in races()]
    packages = {"scikit-learn": "scikit-learn", "oneDAL": "daal", "polars": "polars"}
    table = optima({
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {name: version(package) for name, package in packages.items()},
        "longest": LONGEST,
        "rows": rows,
    })
    print(table)
    README.write_text(into(README.read_text(), table, "bench-optimum"))


if __name__ == "__main__":
    main()
