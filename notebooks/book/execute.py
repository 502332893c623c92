"""Execute notebooks; refuse whatever a reader should not see.

An `Err` that leaves a cell through `?` reaches Jupyter as mere text on stderr, with a status of
"ok", so no ready-made runner notices it. Here any error, any stderr and any endless cell is red.
"""

import argparse
import difflib
import os
import re
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import nbformat
from jupyter_client import KernelManager

NOTEBOOKS = Path(__file__).resolve().parent.parent
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
        manager.start_kernel(cwd=str(folder))
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


def execute(notebook, folder, timeout):
    """Replace the outputs of `notebook` by those of a fresh kernel, and all that varies from run
    to run, or from editor to editor, by constants."""
    notebook.metadata = nbformat.from_dict(METADATA)
    cells = code_cells(notebook)
    with fresh_kernel(folder) as client:
        for number, cell in enumerate(cells, start=1):
            try:
                outputs = run(client, cell.source, timeout, 1 if cell is cells[-1] else 0.05)
                if text := fault(outputs):
                    raise Red(text)
            except Red as red:
                first = cell.source.strip().partition("\n")[0]
                raise Red(f"cell [{number}] `{first}`\n{red}") from None
            cell.metadata.pop("execution", None)
            cell.execution_count = number
            cell.outputs = printed_first(outputs)
            for output in cell.outputs:
                if "execution_count" in output:
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
            first = new.source.strip().partition("\n")[0]
            report += [f"cell [{new.execution_count}] `{first}`", *lines[:12]]
    return "\n".join(report)


def to_text(notebook):
    return nbformat.writes(notebook) + "\n"


def write(path, text):
    """Replace the file at once, so that an interruption leaves the old one whole."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def process(path, check, timeout):
    stored_text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored_text, as_version=4)
    execute(notebook, path.parent, timeout)
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
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for each cell (600)")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="all of them by default")
    options = parser.parse_args(arguments)
    failed = False
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        start = time.monotonic()
        try:
            process(path, options.check, options.timeout)
            print(f"{path.name}: ok, {time.monotonic() - start:.0f} s", flush=True)
        except (Red, OSError, ValueError) as red:
            failed = True
            print(f"{path.name}: FAILED, {red}", file=sys.stderr, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
