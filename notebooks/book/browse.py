"""Read the built book in Chromium, with no way out: every page, wide and narrow, light and dark.

    browse.py BOOK [--screenshots FOLDER] [PAGE …]

No page may write an error to its console, ask an outside address, miss a file, leave a formula as it was typed, or be
wider than the window; search finds what is there, and every item of a lecture leads to where it is derived. Without a
Chromium this says so and checks nothing.
"""

import argparse
import base64
import functools
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import websocket  # what JupyterLab's server brings along

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --hide-scrollbars --remote-allow-origins=*
    --remote-debugging-port=0""".split()
WIDTHS = (1400, 390)
# What of a page is not as it should be, for one width and one scheme of colours.
FAULTS = """(width => {
    const faults = [];
    const math = [...document.querySelectorAll('.math')].filter(math => math.closest('article'));
    const raw = math.filter(math => !math.querySelector('mjx-container'));
    if (raw.length) faults.push(raw.length + ' formulas as typed, the first ' + raw[0].textContent.slice(0, 60));
    const wrong = document.querySelector('mjx-merror');
    if (wrong) faults.push('a formula with an error: ' + wrong.textContent.slice(0, 60));
    const root = document.documentElement;
    if (root.scrollWidth > width + 1) {
        const wide = [...document.querySelectorAll('article *')].filter(part => {
            const clipped = part.closest('pre, mjx-container, .pst-scrollable-table-container, .output, div.highlight');
            return part.getBoundingClientRect().right > width + 1 && !(clipped && clipped !== part);
        });
        const names = wide.slice(0, 3).map(part => part.tagName + '.' + part.className);
        faults.push(root.scrollWidth + ' pixels wide in a window of ' + width + ': ' + names.join(', '));
    }
    return faults;
})"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(book):
    """The book at an address of this machine."""
    handler = functools.partial(Quiet, directory=book)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()


class Browser:
    """One tab, spoken to in the DevTools protocol."""

    def __init__(self, port, own):
        targets = json.loads(fetch(f"http://127.0.0.1:{port}/json/list"))
        page = next(target for target in targets if target["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60)
        self.count, self.own, self.faults, self.loaded = 0, own, [], False
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **parameters):
        """The answer to one request; what is reported before it comes is heard."""
        self.count += 1
        own = self.count
        self.socket.send(json.dumps({"id": own, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == own:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.hear(message.get("method"), message.get("params", {}))

    def hear(self, event, said):
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Runtime.exceptionThrown":
            thrown = said["exceptionDetails"].get("exception", {})
            self.faults.append("exception: " + thrown.get("description", "?")[:200])
        elif event == "Runtime.consoleAPICalled" and said["type"] == "error":
            self.faults.append("console: " + " ".join(str(part.get("value", "")) for part in said["args"])[:200])
        elif event == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.faults.append(f"log: {said['entry']['text'][:160]} {said['entry'].get('url', '')}")
        elif event == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if not address.startswith((self.own, "data:", "blob:")):
                self.faults.append(f"asks {address}")

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return answer["result"].get("value")

    def until(self, expression, seconds=30):
        """Whether the expression comes true in time."""
        end = time.monotonic() + seconds
        while not (found := self.value(expression)) and time.monotonic() < end:
            time.sleep(0.1)
        return bool(found)

    def open(self, address):
        self.faults, self.loaded = [], False
        self.ask("Page.navigate", url=address)
        end = time.monotonic() + 60
        while not self.loaded and time.monotonic() < end:
            self.value("1")
            time.sleep(0.05)
        self.value("window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => true) : true")

    def window(self, width, scheme="light", height=900):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path, width, scheme):
        """All of the page, in a window as high as it: what lies beyond a window may be drawn in another place."""
        height = min(self.value("document.documentElement.scrollHeight"), 16000)
        self.window(width, scheme, height)
        self.value("new Promise(done => setTimeout(() => done(true), 500))")
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))
        self.window(width, scheme)


def fetch(address):
    import urllib.request

    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read()


@contextmanager
def browser(program, own):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        silent = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent)
        try:
            ready, end = Path(profile) / "DevToolsActivePort", time.monotonic() + 60
            while not (ready.exists() and ready.read_text().strip()) and time.monotonic() < end:
                time.sleep(0.1)
            yield Browser(ready.read_text().split()[0], own)
        finally:
            process.terminate()
            process.wait(timeout=30)


def page_faults(tab, address, name, screenshots):
    """What is wrong with a page, in every window."""
    tab.window(WIDTHS[0])
    tab.open(address + name)
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            tab.window(width, scheme)
            time.sleep(0.2)
            yield from (f"{name} at {width}, {scheme}: {fault}" for fault in tab.value(f"{FAULTS}({width})"))
            if screenshots and (scheme == "light" or width == WIDTHS[0]):
                stem = name.removesuffix(".html").replace("/", "-")
                tab.picture(screenshots / f"{stem}-{width}-{scheme}.png", width, scheme)
    yield from (f"{name}: {fault}" for fault in dict.fromkeys(tab.faults))


def search_faults(tab, address):
    """Words of the book are found, and words that nobody would write are not."""
    for word, found in [("responsibilities", True), ("Jensen", True), ("qzxqzx", False)]:
        tab.open(f"{address}search.html?q={word}")
        results = "document.querySelectorAll('#search-results li').length"
        if tab.until(f"{results} > 0", 20 if found else 3) != found:
            yield f"search for {word}: {'nothing' if found else 'something'} found"


def lecture_faults(tab, address, letter):
    """Every item of a lecture has a link, and what it leads to is there: page, item, place, which are two clicks."""
    tab.open(f"{address}lecture_{letter}.html")
    items = """[...document.querySelectorAll('h3')].map(title => {
        const links = [...title.parentElement.querySelectorAll('p.places a, .places a')];
        return [title.textContent.replace(/#$/, '').trim(), links.map(link => link.href)];
    })"""
    items = tab.value(items)
    if len(items) < 5:
        yield f"lecture {letter}: only {len(items)} items"
    for name, links in items:
        if not any(link.startswith(address) for link in links):
            yield f"lecture {letter}: {name} leads nowhere"
    first = next((link for _, links in items for link in links if "#" in link and "ipynb" not in link), None)
    if first:
        tab.open(first)
        if not tab.value("!!document.getElementById(decodeURIComponent(location.hash.slice(1)))"):
            yield f"lecture {letter}: {first} is no place"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("book", type=Path)
    keep = "keep a picture of every page in every window"
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help=keep)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="all of them by default")
    options = parser.parse_intermixed_args()
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        print(f"skipped: no Chromium here (looked for {', '.join(NAMES)}), so nobody has looked at the pages")
        return 0
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    chapters = sorted(path.name for path in options.book.glob("*.html"))
    pages = options.pages or [*chapters, "doc/executable_em/index.html"]
    faults = []
    with served(options.book) as address, browser(program, address) as tab:
        for name in pages:
            found = list(page_faults(tab, address, name, options.screenshots))
            print(f"{name}: {'; '.join(found) or 'ok'}", flush=True)
            faults += found
        if not options.pages:
            faults += search_faults(tab, address)
            for letter in "HLCBTX":
                faults += lecture_faults(tab, address, letter)
    print(*faults, sep="\n", file=sys.stderr)
    print(f"{len(pages)} pages, {len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
