"""Times the engine beside its peers; `make bench` runs it.

    compare.py [--quick] [SIZE …]

A full run writes results.json and the table in README.md, both beside this file; a quick one, or one of a few sizes
(such as 100000,8,10 or 1000000,8,16,diagonal), only prints the table and leaves its results in build/bench.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from cases import CASES, SHORT, Case, write
from race import TOLERANCE, Mismatch, race
from table import into, markdown

BENCHES = Path(__file__).resolve().parent
ROOT = BENCHES.parent.parent.parent
BUILD = ROOT / "build" / "bench"
ROUNDS = 7
# What each of the engine's tricks is worth is told at these sizes.
TRICKS = [Case(100_000, 2, 5), Case(100_000, 8, 10)]
# Time against n, d, k and the distance of the clusters, each of them alone.
SCALING = {
    "n": [Case(n, 8, 10) for n in (1_000, 10_000, 100_000, 1_000_000)],
    "d": [Case(100_000, d, 10) for d in (1, 2, 4, 8, 16, 32, 64)],
    "k": [Case(100_000, 8, k) for k in (1, 2, 4, 8, 16, 32, 64)],
    "apart": [Case(20_000, 64, 16, apart=apart) for apart in (3, 5, 8, 12, 20, 30, 50)],
}
MEMORY = [Case(n, 2, 5) for n in (100_000, 1_000_000, 10_000_000)]
QUICK = CASES[:3]


def build():
    """Compiles the contenders written in Rust; the commands that start them, and one for Python's."""
    ours = cargo("bench", "--no-run", "-p", "executable-em-engine", "--bench", "contender")
    manifest = str(BENCHES / "linfa" / "Cargo.toml")
    linfa = cargo("build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", str(BUILD / "target"))
    return [ours], [linfa], [sys.executable, str(BENCHES / "peer.py")]


def cargo(*arguments):
    command = ["cargo", *arguments, "--message-format", "json-render-diagnostics"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return next(message["executable"] for message in messages if message.get("executable"))


def measure(case, entrants, rounds):
    """Records of a race on freshly drawn data, which are removed afterwards."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        print(f"{case} …", file=sys.stderr, flush=True)
        x = write(case, Path(folder))
        records = race(case, entrants, Path(folder), x, rounds)
    for record in records:
        said = record.get("absent") or f"{record.get('ms', 0):10.3f} ms, {(record['bytes'] or 0) / 1e6:8.1f} MB"
        print(f"  {record['contender']:>13} {record['threads']}  {said}", file=sys.stderr, flush=True)
    return records


def versions():
    def locked(path, name):
        packages = tomllib.loads(path.read_text())["package"]
        return next(package["version"] for package in packages if package["name"] == name)

    def installed(name):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return "not installed"

    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {
        "executable-em": locked(ROOT / "Cargo.lock", "executable-em"),
        "rustc": rustc.split()[1],
        "oneDAL": installed("daal"),
        "scikit-learn": installed("scikit-learn"),
        "numpy": installed("numpy"),
        "linfa-clustering": locked(BENCHES / "linfa" / "Cargo.lock", "linfa-clustering"),
    }


def machine():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor() or platform.machine()
    return {"cpu": cpu, "cores": os.cpu_count(), "system": platform.system()}


def peak(ours):
    """Multiply–adds that one thread can do in a second."""
    return float(subprocess.run([*ours, "peak"], stdout=subprocess.PIPE, text=True, check=True).stdout)


def sizes(cases, rounds, ours, linfa, peer):
    results, per_second = [], peak(ours)
    for case in cases:
        entrants = [(name, threads, peer) for threads in (1, 2) for name in ("oneDAL", "scikit-learn")]
        entrants = [("engine", 1, ours), *entrants[:2], ("engine", 2, ours), *entrants[2:]]
        entrants += [("linfa", 1, linfa), ("derivation", 1, ours)]
        if case in TRICKS:
            entrants.append(("portable", 1, ours))
        records = measure(case, entrants, rounds)
        result = {"size": str(case), "n": case.n, "d": case.d, "k": case.k, "family": case.family}
        if case.multiply_adds:
            result["limit_ms"] = 1e3 * case.multiply_adds / per_second
        results.append({**result, "contenders": records})
    return results


def tricks(results):
    """At the sizes of TRICKS, from the derivation to all threads."""
    versions = [("derivation", 1), ("portable", 1), ("engine", 1), ("engine", 2)]
    found = []
    for result in results:
        if result["size"] not in map(str, TRICKS):
            continue
        ms = {(one["contender"], one["threads"]): one.get("ms") for one in result["contenders"]}
        steps = [{"version": name, "threads": threads, "ms": ms.get((name, threads))} for name, threads in versions]
        found.append({"size": result["size"], "steps": steps})
    return found


def scaling(ours, rounds):
    def ms(case):
        return measure(case, [("engine", 1, ours)], rounds)[0]["ms"]

    return {name: [[getattr(case, name), ms(case)] for case in cases] for name, cases in SCALING.items()}


def memory(ours):
    """Bytes beyond the data, which should not depend on n: with the data in memory, and read from a file in blocks."""
    found = []
    for case in MEMORY:
        records = measure(case, [("engine", 1, ours), ("streamed", 1, ours)], 0)
        found.append({"n": case.n, **{record["contender"]: record.get("bytes") for record in records}})
    return found


def rounded(value):
    """Floats to four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return value


def to_json(value, indent=0):
    """Like json.dumps, with whatever fits on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= 110 or not isinstance(value, (dict, list)):
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(key)}: {to_json(one, indent + 2)}" for key, one in value.items()]
    else:
        parts = [pad + to_json(one, indent + 2) for one in value]
    left, right = "{}" if isinstance(value, dict) else "[]"
    return f"{left}\n" + ",\n".join(parts) + f"\n{' ' * indent}{right}"


def replace(path, text):
    """Writes the file whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


def case_of(text):
    def case(n, d, k, family="full"):
        return Case(int(n), int(d), int(k), family)

    try:
        return case(*text.split(","))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"a size is n,d,k or n,d,k,family, not {text}") from None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("size", nargs="*", type=case_of)
    options = parser.parse_args()
    cases = options.size or (QUICK if options.quick else CASES)
    full = cases is CASES
    rounds = 3 if options.quick else ROUNDS
    ours, linfa, peer = build()
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "sweeps": SHORT,
        "tolerance": TOLERANCE,
        "sizes": sizes(cases, rounds, ours, linfa, peer),
    }
    if full:
        results |= {
            "tricks": tricks(results["sizes"]),
            "scaling": scaling(ours, rounds),
            "memory": memory(ours),
        }
    results = rounded(results)
    replace((BENCHES if full else BUILD) / "results.json", to_json(results) + "\n")
    table = markdown(results)
    print(table)
    if full:
        readme = BENCHES / "README.md"
        replace(readme, into(readme.read_text(), table))


if __name__ == "__main__":
    if not shutil.which("cargo"):
        sys.exit("error: cargo is missing")
    try:
        main()
    except Mismatch as mismatch:
        sys.exit(f"error: {mismatch}")
