"""Execute notebooks; refuse whatever a reader should not see.

There are two routes to the same outputs. By default the cells of a notebook are joined into one Rust
program, which builds and runs in seconds; with --kernel they go, one by one, through the Rust kernel
that JupyterLab uses. An `Err` that leaves a cell through `?` reaches Jupyter as mere text on stderr,
with a status of "ok", so no ready-made runner notices it. Here any error, any stderr and any endless
cell is red.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import nbformat
from jupyter_client import KernelManager

NOTEBOOKS = Path(__file__).resolve().parent.parent
ROOT = NOTEBOOKS.parent
PROGRAMS = ROOT / "build" / "notebooks"
METADATA = {
    "kernelspec": {"name": "rust", "display_name": "Rust", "language": "rust"},
    "language_info": {
        "name": "rust",
        "file_extension": ".rs",
        "mimetype": "text/rust",
        "pygments_lexer": "rust",
    },
}


class Red(Exception):
    """Why a notebook fails."""


@contextmanager
def fresh_kernel(folder):
    with tempfile.TemporaryDirectory() as run:
        manager = KernelManager(kernel_name="rust", connection_file=f"{run}/connection.json")
        # An inherited stdin would reach the kernel's compiler, which reads it.
        manager.start_kernel(cwd=str(folder), stdin=subprocess.DEVNULL)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=300)
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel()


def run(client, source, timeout, settle):
    """The outputs of one cell. Whatever arrives within `settle` seconds of its end still counts:
    the kernel sends stderr through a channel of its own, which may lag behind."""
    request = client.execute(source, allow_stdin=False)
    deadline = time.monotonic() + timeout
    outputs, done = [], False
    while True:
        if time.monotonic() > deadline:
            raise Red(f"still running after {timeout} s")
        try:
            message = client.get_iopub_msg(timeout=settle if done else 1)
        except Empty:
            if done:
                return outputs
            if not client.is_alive():
                raise Red("the kernel died") from None
            continue
        kind, content = message["msg_type"], message["content"]
        if kind in ("stream", "error", "display_data", "execute_result"):
            outputs.append(nbformat.v4.output_from_msg(message))
        elif kind == "status" and message["parent_header"].get("msg_id") == request:
            done |= content["execution_state"] == "idle"


def fault(outputs):
    """What is wrong with a cell's outputs, if anything."""
    stderr = "".join(o.text for o in outputs if o.get("name") == "stderr")
    stderr = re.sub(r"stack backtrace:.*", "", stderr, flags=re.DOTALL)
    errors = ["\n".join(o.traceback) or o.evalue for o in outputs if o.output_type == "error"]
    text = "\n".join(filter(str.strip, [stderr.strip(), *errors]))
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def printed_first(outputs):
    """Lines are sent one by one, and race with the result: join them, in a fixed order."""
    lines = [o.text for o in outputs if o.output_type == "stream"]
    shown = [o for o in outputs if o.output_type != "stream"]
    printed = nbformat.v4.new_output("stream", name="stdout", text="".join(lines))
    return [printed] * bool(lines) + shown


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def by_kernel(path, notebook, timeout):
    """The outputs of each cell, from a fresh kernel."""
    cells = code_cells(notebook)
    with fresh_kernel(path.parent) as client:
        for number, cell in enumerate(cells, start=1):
            try:
                outputs = run(client, cell.source, timeout, 1 if cell is cells[-1] else 0.05)
                if text := fault(outputs):
                    raise Red(text)
            except Red as red:
                raise Red(f"{named(number, cell)}\n{red}") from None
            yield outputs


def build(paths):
    """Build a program for each notebook; the compiler's words if one of them does not build."""
    subprocess.run(
        ["cargo", "run", "--quiet", "-p", "executable-em-book", "--", PROGRAMS, *paths],
        cwd=ROOT, stdin=subprocess.DEVNULL,
    )
    # The very versions that the library is tested with.
    (PROGRAMS / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
    command = ["cargo", "build", "--quiet", "--release", "--keep-going", "--manifest-path", PROGRAMS / "Cargo.toml"]
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    subprocess.run([*command, "--target-dir", target], cwd=ROOT, stdin=subprocess.DEVNULL)
    return Path(target) / "release"


def by_program(programs):
    """The outputs of each cell, from the program that the cells make together."""

    def outputs_of(path, notebook, timeout):
        cells = code_cells(notebook)
        program = programs / f"notebook_{path.stem}"
        source = PROGRAMS / "src" / "bin" / f"{program.name}.rs"
        if not source.exists() or not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            raise Red("its cells, joined, do not build: see the compiler's message above")
        try:
            done = subprocess.run(
                [program], cwd=path.parent, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=timeout,
            )
            printed, said = done.stdout, done.stderr.strip() or f"exit status {done.returncode}" * bool(done.returncode)
        except subprocess.TimeoutExpired as late:
            printed, said = (late.stdout or b"").decode(), f"still running after {timeout} s"
        shares = re.split(r"^\x01\d+\n", printed, flags=re.MULTILINE)[1:]
        if said:
            number = max(len(shares), 1)
            raise Red(f"{named(number, cells[number - 1])}\n{said}")
        return [as_outputs(share) for share in shares]

    return outputs_of


def as_outputs(printed):
    """What the kernel would send for the text that a cell has printed."""
    shown = re.split(r"EVCXR_BEGIN_CONTENT ([^\n]*)\n(.*?)\nEVCXR_END_CONTENT\n", printed, flags=re.DOTALL)
    outputs = [nbformat.v4.new_output("stream", text=text) for text in shown[::3] if text]
    # Of several things shown in one cell Jupyter keeps the last.
    for kind, content in list(zip(shown[1::3], shown[2::3]))[-1:]:
        outputs.append(nbformat.v4.new_output("execute_result", data={kind: content}))
    return outputs


def named(number, cell):
    first = cell.source.strip().partition("\n")[0]
    return f"cell [{number}] `{first}`"


def execute(path, notebook, route, timeout):
    """Replace the outputs of `notebook` by fresh ones, and all that varies from run to run, or from
    editor to editor, by constants."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, (cell, outputs) in enumerate(zip(code_cells(notebook), route(path, notebook, timeout)), start=1):
        cell.metadata.pop("execution", None)
        cell.execution_count = number
        cell.outputs = printed_first(outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def as_lines(cell):
    """A code cell's stored results as lines to compare."""
    lines = [f"[{cell.execution_count}]"]
    for output in cell.outputs:
        parts = output.get("data") or {output.get("name", "error"): output.get("text", "")}
        for kind, text in sorted(parts.items()):
            lines += [f"{output.output_type} {kind}:", *str(text).splitlines()]
    return lines


def difference(stored, fresh):
    """Where two versions of a notebook differ, cell by cell; empty where they agree."""
    report = []
    for old, new in zip(code_cells(stored), code_cells(fresh)):
        diff = difflib.unified_diff(as_lines(old), as_lines(new), "stored", "fresh", lineterm="")
        if lines := [line[:160] for line in diff]:
            report += [named(new.execution_count, new), *lines[:12]]
    return "\n".join(report)


def to_text(notebook):
    return nbformat.writes(notebook) + "\n"


def write(path, text):
    """Replace the file at once, so that an interruption leaves the old one whole."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def process(path, route, check, timeout):
    stored_text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored_text, as_version=4)
    execute(path, notebook, route, timeout)
    text = to_text(notebook)
    if not check:
        write(path, text)
    elif diff := difference(nbformat.reads(stored_text, as_version=4), notebook):
        raise Red(diff)
    elif text != stored_text:
        raise Red("the outputs agree, but not the file's form: run `make notebooks`")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing: compare with what is stored")
    parser.add_argument("--kernel", action="store_true", help="cell by cell, through the Rust kernel")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="a cell, or a program (600)")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="all of them by default")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks] or sorted(NOTEBOOKS.glob("*.ipynb"))
    if options.kernel:
        # What names the most crates has the most to build: it comes first, and is not waited for alone.
        paths.sort(key=lambda path: -path.read_text(encoding="utf-8").count(":dep "))
    start = time.monotonic()
    route = by_kernel if options.kernel else by_program(build(paths))
    if not options.kernel:
        print(f"built the programs of {len(paths)} notebooks, {time.monotonic() - start:.0f} s", flush=True)

    def failure(path):
        start = time.monotonic()
        try:
            process(path, route, options.check, options.timeout)
        except (Red, OSError, ValueError) as red:
            said = f"{path.name}: FAILED, {red}"
            print(said, file=sys.stderr, flush=True)
            return said
        print(f"{path.name}: ok, {time.monotonic() - start:.1f} s", flush=True)
        return None

    # A notebook keeps one core busy, and a kernel a gigabyte.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
        failures = list(filter(None, pool.map(failure, paths)))
    if failures:
        # Once more where a long log ends.
        print(f"{len(failures)} of {len(paths)} notebooks failed:", *failures, sep="\n", file=sys.stderr, flush=True)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
