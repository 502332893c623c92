"""Kills executors in the middle of fits, on machines that are network namespaces with delay and loss.

Needs root and iproute2. Every machine has its own address and its own line, on which packets are late and some are
lost, if the kernel has netem. In each run one of two executors is killed (SIGKILL) at a random sweep; the fit must end
all the same, and its model must have the bits of a fit by one process that nobody disturbed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OPTIONS = ["-k", "3", "--restarts", "1", "--tol", "0", "--max-iter", "60"]
NETEM = "delay 2ms 1ms loss 0.5%"


def ip(command):
    subprocess.run(["ip", *command.split()], check=True)


class Machine:
    """A network namespace with an address on a common switch."""

    def __init__(self, number):
        self.name, self.address = f"em{number}", f"10.77.0.{number}"
        ip(f"netns add {self.name}")
        ip(f"link add {self.name}v type veth peer name eth0 netns {self.name}")
        ip(f"link set {self.name}v master emswitch up")
        ip(f"-n {self.name} addr add {self.address}/24 dev eth0")
        for device in ("lo", "eth0"):
            ip(f"-n {self.name} link set {device} up")
        netem = ["tc", "-n", self.name, *f"qdisc add dev eth0 root netem {NETEM}".split()]
        if subprocess.run(netem, stderr=subprocess.DEVNULL).returncode:
            print(f"{self.name}: this kernel has no netem, so no packet is late or lost")

    def start(self, *arguments, **options):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, arguments)], **{**quiet, **options})


def write_data(folder):
    lines = (ROOT / "src/data/old_faithful.csv").read_text().split()
    for part in range(6):
        (folder / f"{part}.csv").write_text("\n".join([lines[0], *lines[1 + part :: 6]]) + "\n")
    return f"SELECT * FROM '{folder}/*.csv'"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=ROOT / "target/debug/executable-em-sql", type=Path)
    parser.add_argument("--runs", default=50, type=int)
    parser.add_argument("--seed", default=random.randrange(10**6), type=int)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    random.seed(options.seed)
    ip("link add emswitch type bridge")
    ip("link set emswitch up")
    machines, running = [], []
    try:
        machines += [Machine(number) for number in range(1, 5)]
        with tempfile.TemporaryDirectory() as folder:
            failures = campaign(options, machines, running, Path(folder))
    finally:
        for process in running:
            process.kill()
        for machine in machines:
            ip(f"netns del {machine.name}")
        ip("link del emswitch")
    sys.exit(f"{failures} of {options.runs} runs failed" if failures else 0)


def campaign(options, machines, running, folder):
    query, (at, *hands, client) = write_data(folder), machines
    alone = [options.program, "fit", query, *OPTIONS, "--out", folder / "alone.json"]
    subprocess.run(alone, check=True, stdout=subprocess.DEVNULL)
    scheduler = f"{at.address}:50050"

    def executor(machine):
        listen = f"{machine.address}:50051"
        running.append(machine.start(options.program, "executor", "--scheduler", scheduler, "--listen", listen))
        return running[-1]

    running.append(at.start(options.program, "scheduler", "--listen", scheduler))
    executors, failures = [executor(machine) for machine in hands], 0
    for run in range(1, options.runs + 1):
        checkpoint, model = folder / "at.json", folder / "model.json"
        checkpoint.unlink(missing_ok=True)
        model.unlink(missing_ok=True)
        began, sweep, which = time.time(), random.randrange(1, 50), random.randrange(2)
        places = ["--cluster", scheduler, "--checkpoint", checkpoint, "--out", model]
        fit = client.start(options.program, "fit", query, *OPTIONS, *places, stderr=subprocess.PIPE, text=True)
        seen, last = 0, None
        while seen < sweep and fit.poll() is None:
            now = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
            seen, last = seen + (now != last), now
            time.sleep(0.005)
        was_over = fit.poll() is not None
        # The process is the child of `ip netns exec`, which has become it.
        executors[which].kill()
        executors[which].wait()
        said = fit.communicate()[1].strip()
        same = model.exists() and model.read_bytes() == (folder / "alone.json").read_bytes()
        failures += not same or was_over
        outcome = "same bits" if same else f"failed: {said}"
        print(f"run {run}: killed at sweep {seen}{' (too late)' if was_over else ''}, {outcome}, "
              f"{time.time() - began:.1f} s", flush=True)
        executors[which] = executor(hands[which])
    return failures


main()
