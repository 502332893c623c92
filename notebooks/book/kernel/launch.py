"""Start the Rust kernel so that it is quick, and the same on every machine."""

import fcntl
import itertools
import os
import subprocess
import sys
from pathlib import Path


def free_folder(parent):
    """The first build folder that no running kernel holds, with the lock that holds it."""
    for number in itertools.count():
        folder = parent / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return folder, lock
        except BlockingIOError:
            os.close(lock)


# A cell runs once: to compile it fast matters more than its speed, which is that of the libraries it calls.
PROFILE = """[profile.dev]
opt-level = 0
lto = "off"
[profile.dev.package."*"]
opt-level = 2
"""

tools = Path(sys.prefix).parent
folder, lock = free_folder(tools / "build")
os.set_inheritable(lock, True)  # held for as long as the kernel lives

# For the builds of all folders; at once, as another kernel may be reading it.
config = tools / "build" / ".cargo"
config.mkdir(exist_ok=True)
(folder / "config.toml").write_text(PROFILE, encoding="utf-8")
os.replace(folder / "config.toml", config / "config.toml")

# Where it finds the source of std, the kernel analyses all of it (20 s a notebook); where it does
# not, it asks rustup to add that to the user's toolchain. An empty folder prevents both.
no_source = tools / "no-std-source"
(no_source / "core").mkdir(parents=True, exist_ok=True)

# The cells' libraries look for std relative to the folder they were linked in, and the kernel moves
# them one folder up: that finds nothing where these tools lie in the same home as the toolchain.
std = subprocess.run(["rustc", "--print", "target-libdir"], capture_output=True, text=True, check=True)
loader_path = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
std_first = filter(None, [std.stdout.strip(), os.environ.get(loader_path)])

os.environ |= {
    loader_path: os.pathsep.join(std_first),
    "EVCXR_CONFIG_DIR": str(Path(__file__).parent),  # init.evcxr
    "EVCXR_TMPDIR": str(folder),
    "RUST_SRC_PATH": str(no_source),
    # The kernel rewrites the kernelspec that it finds here when their versions differ.
    "JUPYTER_PATH": str(tools / "none"),
}
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # its own chatter; cells print through the protocol
kernel = str(tools / "kernel/bin/evcxr_jupyter")
os.execv(kernel, [kernel, "--control_file", sys.argv[1]])
