"""Kills executors in the middle of fits, on machines that are network namespaces with delay and loss.

Needs root and iproute2. Every machine has its own address and its own line, on which packets are late and some are
lost. In each run one of two executors is killed (SIGKILL) at a random sweep; the fit must end all the same, and its
model must have the bits of a fit by one process that nobody disturbed. At the end a file is missing on one machine,
and the fit must name it within ten seconds.
"""

import argparse
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OPTIONS = ["-k", "3", "--restarts", "1", "--tol", "0", "--max-iter", "60"]
# Seconds that a packet is on its way, at least and at most, and the fraction of packets that never arrives.
DELAY, LOSS = (0.001, 0.003), 0.005
# Of <linux/if_tun.h>.
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def ip(command):
    subprocess.run(["ip", *command.split()], check=True)


class Lines(threading.Thread):
    """Carries packets between the machines, late, out of order, and not all of them: few kernels have netem."""

    def __init__(self):
        super().__init__(daemon=True)
        self.to, self.chance = {}, random.Random(1)
        self.carried = self.lost = 0

    def begin_at(self, name, address):
        """Makes a network device of which the other end is here."""
        line = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(line, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        self.to[socket.inet_aton(address)] = line

    def run(self):
        on_their_way, number = [], count()
        while True:
            wait = max(on_their_way[0][0] - time.monotonic(), 0) if on_their_way else None
            ready, _, _ = select.select(list(self.to.values()), [], [], wait)
            for line in ready:
                try:
                    packet = os.read(line, 1 << 16)
                except OSError:
                    return  # The machines are gone.
                # Bytes 16 to 19 of an IPv4 packet are whom it is for.
                to = self.to.get(packet[16:20]) if packet[0] >> 4 == 4 else None
                if to is None:
                    continue
                if self.chance.random() < LOSS:
                    self.lost += 1
                    continue
                arrival = time.monotonic() + self.chance.uniform(*DELAY)
                heapq.heappush(on_their_way, (arrival, next(number), to, packet))
            while on_their_way and on_their_way[0][0] <= time.monotonic():
                *_, to, packet = heapq.heappop(on_their_way)
                os.write(to, packet)
                self.carried += 1


class Machine:
    """A network namespace with an address, at the end of a line."""

    def __init__(self, number, lines):
        self.name, self.address = f"em{number}", f"10.77.0.{number}"
        ip(f"netns add {self.name}")
        lines.begin_at(self.name, self.address)
        ip(f"link set {self.name} netns {self.name}")
        ip(f"-n {self.name} addr add {self.address}/24 dev {self.name}")
        for device in ("lo", self.name):
            ip(f"-n {self.name} link set {device} up")

    def start(self, *arguments, **options):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, arguments)], **{**quiet, **options})

    def start_without(self, folder, *arguments):
        """Starts what sees nothing in a folder: `ip netns exec` gives it mounts of its own."""
        hide = f'mount -t tmpfs none "{folder}" && exec "$@"'
        return self.start("sh", "-c", hide, "sh", *arguments)


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
    machines, running, lines = [], [], Lines()
    try:
        for number in range(1, 5):
            machines.append(Machine(number, lines))
        lines.start()
        with tempfile.TemporaryDirectory() as folder:
            failures = campaign(options, machines, running, Path(folder))
    finally:
        for process in running:
            process.kill()
        for machine in machines:
            ip(f"netns del {machine.name}")
    print(f"{lines.carried} packets carried, {lines.lost} lost")
    sys.exit(f"{failures} of {options.runs + 1} runs failed" if failures else 0)


def campaign(options, machines, running, folder):
    query, (at, *hands, client) = write_data(folder), machines
    alone = [options.program, "fit", query, *OPTIONS, "--out", folder / "alone.json"]
    subprocess.run(alone, check=True, stdout=subprocess.DEVNULL)
    scheduler = f"{at.address}:50050"

    def fit(machine, *places):
        command = [options.program, "fit", query, *OPTIONS, "--cluster", scheduler, *places]
        return machine.start(*command, stderr=subprocess.PIPE, text=True)

    def executor(machine, start=None):
        listen = ["--listen", f"{machine.address}:50051"]
        work = [options.program, "executor", "--scheduler", scheduler, *listen]
        running.append((start or machine.start)(*work))
        return running[-1]

    running.append(at.start(options.program, "scheduler", "--listen", scheduler))
    executors, failures = [executor(machine) for machine in hands], 0
    for run in range(1, options.runs + 1):
        checkpoint, model = folder / "at.json", folder / "model.json"
        checkpoint.unlink(missing_ok=True)
        model.unlink(missing_ok=True)
        began, sweep, which = time.time(), random.randrange(1, 50), random.randrange(2)
        fitting = fit(client, "--checkpoint", checkpoint, "--out", model)
        seen, last = 0, None
        while seen < sweep and fitting.poll() is None:
            now = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
            seen, last = seen + (now != last), now
            time.sleep(0.005)
        was_over = fitting.poll() is not None
        # The process is the child of `ip netns exec`, which has become it.
        executors[which].kill()
        executors[which].wait()
        said = fitting.communicate()[1].strip()
        same = model.exists() and model.read_bytes() == (folder / "alone.json").read_bytes()
        failures += not same or was_over
        outcome = "same bits" if same else f"failed: {said}"
        print(f"run {run}: killed at sweep {seen}{' (too late)' if was_over else ''}, {outcome}, "
              f"{time.time() - began:.1f} s", flush=True)
        executors[which] = executor(hands[which])

    for process in executors:
        process.kill()
        process.wait()
    executor(hands[0], lambda *work: hands[0].start_without(folder, *work))
    time.sleep(10)
    began = time.time()
    fitting = fit(client)
    said, took = fitting.communicate()[1].strip(), time.time() - began
    is_named = fitting.returncode == 1 and f"{folder}/" in said and took < 10
    print(f"a file is missing on one machine, {took:.1f} s, {'named' if is_named else 'NOT NAMED'}: {said}")
    return failures + (not is_named)


main()
