"""Contenders side by side: each in a process of its own, taking turns."""

import os
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager

import numpy as np

from cases import SHORT, parameters, score

# A contender that needs longer for one answer is out; one that has used its time sits out the later rounds.
LONGEST_ANSWER = 20.0
TIME = 15.0
# It repeats its runs only as often as fills about this.
TURN = 1.0
# Threads that a contender leaves behind may spin for a moment.
PAUSE = 0.03
# ℓ is a sum of at most 10⁶ terms, so that its rounding is below 10⁶ · 2⁻⁵³ of it; seen are some 10⁻¹⁵.
TOLERANCE = 1.2e-10


class Absent(Exception):
    """Why a contender does not take part."""


class Mismatch(Exception):
    """Two contenders that should have computed the same have not."""


class Contender:
    """A process that has read the data and waits to be asked."""

    def __init__(self, name, threads, command, case, folder):
        self.seconds, self.times = 0.0, 1
        self.differences = []
        self.result = folder / f"{name}-{threads}.f64"
        limits = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "RAYON")}
        task = [name, folder, case.n, case.d, case.k, case.family, threads]
        self.complaints = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*command, *map(str, task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
            bufsize=1,
            env=os.environ | limits,
        )
        said = self.hear("reading the data")
        if said != "ready":
            self.stop()
            raise Absent(said)

    def hear(self, task):
        too_long = threading.Timer(LONGEST_ANSWER, self.process.kill)
        too_long.start()
        said = self.process.stdout.readline()
        in_time = too_long.is_alive()
        too_long.cancel()
        if said:
            return said.strip()
        self.process.wait()
        self.complaints.seek(0)
        complaints = self.complaints.read().split("\n")
        last = next((line for line in reversed(complaints) if line), f"nothing for {task}")
        self.stop()
        raise Absent(last if in_time else f"more than {LONGEST_ANSWER:.0f} s for {task}")

    def run(self, sweeps, times=1):
        """The seconds that so many sweeps take, with whatever it does before and after them."""
        time.sleep(PAUSE)
        self.process.stdin.write(f"{sweeps} {times}\n")
        seconds = float(self.hear(f"{times} × {sweeps} sweeps"))
        self.seconds += times * seconds
        return seconds

    def warm_up(self, case):
        """The first run, whose result is kept, also shows how many runs fit into a turn."""
        seconds = self.run(SHORT) * case.long / SHORT
        self.times = max(1, min(case.times, int(TURN / seconds)))

    def measure(self, case):
        """One sweep: what the longer of two runs has more, by the number of sweeps it has more."""
        if self.seconds < TIME:
            short = self.run(SHORT, self.times)
            self.differences.append((self.run(case.long, self.times) - short) / (case.long - SHORT))

    def record(self):
        """The median turn, and the bytes beyond the data at the peak, where the system tells them."""
        self.process.stdin.close()
        said = self.process.stdout.readline().strip()
        record = {"bytes": int(said) if said else None}
        if self.differences:
            record |= {"ms": 1e3 * statistics.median(self.differences), "rounds": len(self.differences)}
        return record | withheld(record)

    def stop(self):
        """May be called again."""
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.complaints):
            file.close()


def withheld(record):
    """More sweeps cannot take less time: what says so is noise, and no time."""
    if record.get("ms", 1) > 0:
        return {}
    return {"ms": None, "absent": "its runs differ by more than the sweeps take"}


def race(case, entrants, folder, x, rounds):
    """What each entrant (name, threads, command) needs: a list of records; Mismatch if results differ."""
    contenders, records = [], []
    try:
        for name, threads, command in entrants:
            records.append({"contender": name, "threads": threads})
            with excused(records[-1]):
                contenders.append((Contender(name, threads, command, case, folder), records[-1]))
                contenders[-1][0].warm_up(case)
        for _ in range(rounds):
            for contender, record in contenders:
                with excused(record):
                    if "absent" not in record:
                        contender.measure(case)
        for contender, record in contenders:
            if "absent" not in record:
                record |= contender.record()
                record["score"] = score(case, x, *parameters(case, contender.result))
    finally:
        for contender, _ in contenders:
            contender.stop()
    agree(case, records)
    return records


@contextmanager
def excused(record):
    try:
        yield
    except Absent as reason:
        record["absent"] = str(reason)


def agree(case, records):
    """Everyone's parameters after the same sweeps have the same ℓ (or J), computed by one referee."""
    scored = [record for record in records if "score" in record]
    scores = np.array([record["score"] for record in scored])
    # Written so that a NaN is a mismatch too.
    if len(scores) and not np.ptp(scores) <= TOLERANCE * abs(scores).max():
        lines = [f"\n  {record['contender']} ({record['threads']}): {record['score']!r}" for record in scored]
        raise Mismatch(f"{case} after {SHORT} sweeps:{''.join(lines)}")
