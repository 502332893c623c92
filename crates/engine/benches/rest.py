"""k-means to its end: until no mean moves, beside both algorithms of scikit-learn; the last part of `make bench`.

All contenders start from the same means, in 64-bit floats, and take turns; the median of their turns counts. They must
come to the same J. Writes README.md.
"""

import datetime
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from cases import Case, parameters, score, write
from compare import BENCHES, BUILD, build, machine
from race import Contender, Mismatch
from table import into, rests

CASES = [Case(1_000_000, 8, 16, "kmeans"), Case(100_000, 64, 64, "kmeans")]
TURNS = 3
# Rounding may send a datum that is as near to two means to the one or the other, and the ends of the runs apart.
TOLERANCE = 1e-6


def race(case, ours, peer, folder):
    """The median seconds of each contender, by name and threads."""
    x = write(case, folder)
    names = [(name, threads) for threads in (1, 2) for name in ("to rest", "lloyd", "elkan")]
    contenders = {
        (name, threads): Contender(name, threads, ours if name == "to rest" else peer, case, folder)
        for name, threads in names
    }
    try:
        times = {key: [] for key in contenders}
        for _ in range(TURNS):
            for key, contender in contenders.items():
                times[key].append(contender.run(0))
        found = [score(case, x, *parameters(case, contender.result)) for contender in contenders.values()]
    finally:
        for contender in contenders.values():
            contender.stop()
    if not np.ptp(found) <= TOLERANCE * max(found):
        raise Mismatch(f"{case} at rest: {found}")
    return {key: statistics.median(of) for key, of in times.items()}


def main():
    ours, _, peer = build()
    rows = []
    BUILD.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            rows.append({"case": str(case), "seconds": race(case, ours, peer, Path(folder))})
        print(rows[-1], file=sys.stderr, flush=True)
    versions = {"scikit-learn": version("scikit-learn")}
    result = {"date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions, "rows": rows}
    table = rests(result | {"turns": TURNS, "tolerance": TOLERANCE})
    print(table)
    readme = BENCHES / "README.md"
    readme.write_text(into(readme.read_text(), table, "bench-rest"))


if __name__ == "__main__":
    try:
        main()
    except Mismatch as mismatch:
        sys.exit(f"error: {mismatch}")
