"""Contenders side by side: each in a process of its own, taking turns."""

import os
import statistics
import subprocess
import tempfile
import threading
import time

from cases import SHORT, parameters, score

# A contender that needs longer for one answer is out; one that has used its time sits out the later rounds.
LONGEST_ANSWER = 45.0
TIME = 30.0
# Threads that a contender leaves behind may spin for a moment.
PAUSE = 0.03
# ℓ is a sum of n terms with a few roundings each; peers that compute the same sweep agree to some 1e-12 of it. Less than
# what a second sweep or another divisor (n − 1 for n) changes, by orders of magnitude.
TOLERANCE = 1e-8


class Absent(Exception):
    """Why a contender does not take part."""


class Mismatch(Exception):
    """Two contenders that should have computed the same have not."""


class Contender:
    """A process that has read the data and waits to be asked."""

    def __init__(self, name, threads, command, case, folder):
        self.name, self.threads, self.seconds = name, threads, 0.0
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
        if not said:
            self.stop()
            self.complaints.seek(0)
            complaints = self.complaints.read().strip().splitlines()
            raise Absent(
                complaints[-1] if in_time and complaints else f"more than {LONGEST_ANSWER:.0f} s for {task}"
            )
        return said.strip()

    def run(self, sweeps):
        """The seconds that so many sweeps take, with whatever it does before and after them."""
        time.sleep(PAUSE)
        self.process.stdin.write(f"{sweeps}\n")
        seconds = float(self.hear(f"{sweeps} sweeps"))
        self.seconds += seconds
        return seconds

    def measure(self, case):
        """One sweep: what the longer of two runs has more, by the number of sweeps it has more."""
        if self.seconds < TIME:
            short = self.run(SHORT)
            self.differences.append((self.run(case.long) - short) / (case.long - SHORT))

    def end(self):
        """Bytes beyond the data at the peak, where the system tells them."""
        self.process.stdin.close()
        said = self.process.stdout.readline().strip()
        self.process.wait()
        return int(said) if said else None

    def stop(self):
        self.process.kill()
        self.process.wait()


def race(case, entrants, folder, x, rounds):
    """What each entrant (name, threads, command) needs: a list of records; Mismatch if results differ."""
    contenders, records = [], []
    for name, threads, command in entrants:
        record = {"contender": name, "threads": threads}
        records.append(record)
        try:
            contender = Contender(name, threads, command, case, folder)
            contenders.append((contender, record))
            contender.run(SHORT)
        except Absent as reason:
            record["absent"] = str(reason)
    for _ in range(rounds):
        for contender, record in contenders:
            if "absent" not in record:
                try:
                    contender.measure(case)
                except Absent as reason:
                    record["absent"] = str(reason)
    for contender, record in contenders:
        if "absent" in record:
            continue
        if contender.differences:
            record["ms"] = 1e3 * statistics.median(contender.differences)
            record["rounds"] = len(contender.differences)
        record["bytes"] = contender.end()
        record["score"] = score(case, x, *parameters(case, contender.result))
    agree(case, records)
    return records


def agree(case, records):
    """Everyone's parameters after the same sweeps have the same ℓ (or J), computed by one referee."""
    scores = {f"{record['contender']} ({record['threads']})": record["score"] for record in records if "score" in record}
    if not scores:
        return
    lowest, highest = min(scores.values()), max(scores.values())
    # Written so that a NaN is a mismatch too.
    if not highest - lowest <= TOLERANCE * abs(highest):
        lines = "".join(f"\n  {name}: {value!r}" for name, value in scores.items())
        raise Mismatch(f"{case} after {SHORT} sweeps:{lines}")
