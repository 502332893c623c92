"""Take hold of the live pages in Chromium, offline: `live.py FOLDER ASK [--screenshots FOLDER]`.

Each page is dragged, stepped and worked by keys alone. Every answer that a page had is asked again of ASK, the same
code compiled for this machine: words and drawings must be the same to the last letter, numbers but for the last digits
of exp and log, which the browser's module brings along and a program takes from its system. Every still figure is drawn
in the browser, byte for byte as committed. No page may write an error to its console or ask anything beyond its folder;
without JavaScript the still figure stays. Without a Chromium this says so and checks nothing.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from browse import NAMES, WIDTHS, browser, served

ROOT = Path(__file__).resolve().parent.parent.parent
# The controls of each page in the order in which a reader might use them.
PAGES = {
    "kmeans": ["assign", "update", "back", "worst", "plus", "random", "assign", "run"],
    "mixture": ["outlier", "E", "M", "none", "E", "back", "random", "clusters", "again", "run"],
    "stiffness": ["again", "run"],
    "ascent": ["step", "back", "again", "run"],
    "hills": ["E", "M", "back", "again", "run"],
    "coins": ["step", "step", "back", "again", "run"],
    "rate": ["nearer", "farther", "farther"],
    "criteria": ["more", "more", "fewer"],
    "survival": ["step", "back", "run", "again"],
    "collapse": ["step", "back", "again", "run"],
}
ON_A_LINE = {"stiffness", "collapse", "rate", "criteria"}
# What there is to be looked at on the page on the reader's data.
FITTED = "document.getElementById('example').click(), fit()"
# One frame of a screen that shows sixty a second; sweeps a second that still look like motion.
FRAME, SWEEPS = 16.0, 20


class Hand:
    """What a reader does to a page."""

    def __init__(self, tab, ask):
        self.tab, self.ask = tab, ask

    def ready(self):
        return self.tab.until("document.documentElement.dataset.ready === 'yes'", 60)

    def key(self, key, code=0, text=""):
        for kind, typed in (("keyDown", text), ("keyUp", "")):
            event = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": typed}
            self.tab.ask("Input.dispatchKeyEvent", **event)

    def drag(self, handle, right, down):
        """Takes the handle of that number, and lets it go elsewhere."""
        box = f"document.querySelectorAll('.handle')[{handle}].getBoundingClientRect()"
        self.tab.value(f"document.querySelectorAll('.handle')[{handle}].scrollIntoView({{block: 'center'}})")
        x, y = self.tab.value(f"(box => [box.x + box.width / 2, box.y + box.height / 2])({box})")
        held = {"button": "left", "buttons": 1, "clickCount": 1}
        mouse = lambda kind, x, y: self.tab.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held)
        mouse("mousePressed", x, y)
        for part in (0.3, 0.7, 1.0):
            mouse("mouseMoved", x + part * right, y + part * down)
            self.settled()
        mouse("mouseReleased", x + right, y + down)
        return self.tab.value(f"(box => [box.x + box.width / 2 - {x}, box.y + box.height / 2 - {y}])({box})")

    def settled(self):
        self.tab.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def place(self):
        """The address, which follows where the page has come to rest."""
        return self.tab.value("new Promise(done => setTimeout(() => done(location.href), 200))")

    def at_rest(self):
        return self.tab.until("!page.timer", 60)

    def answers(self):
        """Every question since the last time, with its answer; they are those of this machine."""
        asked = self.tab.value("JSON.stringify(Library.asked.splice(0))")
        pairs = json.loads(asked)
        again = self.ask([question for question, _ in pairs])
        for (question, reply), own in zip(pairs, again, strict=True):
            if not same(json.loads(reply), json.loads(own)):
                yield f"another answer than this machine's to {question[:200]}"
        self.count = getattr(self, "count", 0) + len(pairs)


def same(one, other):
    """Texts letter by letter, numbers but for what rounding leaves after some sweeps."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and one.startswith("{") and other.startswith("{"):
        return same(json.loads(one), json.loads(other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(1, abs(one))
    return one == other


def native(program):
    """Asks the same code on this machine."""

    def ask(questions):
        text = "".join(question + "\n" for question in questions)
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
        return done.stdout.split("\n")[:-1]

    return ask


def page_faults(hand, address, name, controls):
    tab = hand.tab
    tab.window(WIDTHS[0])
    tab.open(f"{address}{name}.html")
    if not hand.ready():
        yield "does not start: " + str(tab.value("document.querySelector('.words').textContent"))
        return
    first = hand.place()
    yield from hand.answers()

    # What lies on whole numbers goes from one to the next.
    last = "[...document.querySelectorAll('.handle')].at(-1).handle"
    left = tab.value(f"page.stage.stride({last})") or 20
    moved = hand.drag(tab.value("document.querySelectorAll('.handle').length") - 1, -left, -20)
    # What lies on a line goes right and left only.
    if abs(moved[0] + left) > 1.5 or abs(moved[1] + 20) > 1.5 and name not in ON_A_LINE:
        yield f"what was dragged by ({-left:.0f}, −20) pixels moved by {moved}"
    if hand.place() == first:
        yield "a drag leaves no trace in the address"
    yield from hand.answers()

    yield from choice_faults(hand)
    for control in controls:
        tab.value(f"document.getElementById('{control}').click()")
        if control == "run" and not hand.at_rest():
            yield "does not come to rest"
        yield from hand.answers()
    words, there = tab.value("document.querySelector('.words').textContent"), hand.place()
    if not words:
        yield "says nothing"
    # The address is the situation.
    tab.open("about:blank")
    tab.open(there)
    if not hand.ready() or (again := tab.value("document.querySelector('.words').textContent")) != words:
        yield f"its own address leads elsewhere: {again!r} for {words!r}"
    yield from key_faults(hand)
    yield from hand.answers()
    nothing = "#begin=nothing&data=nothing&blur=none&beta=x&start=x&distance=x&alpha=x"
    for text in ("#step=x&theta=y", "#begin=at,1,NaN&moves=Q", nothing):
        tab.value(f"location.hash = '{text}'")
        hand.settled()
    yield from hand.answers()
    if not tab.value("document.querySelector('.words.problem')?.textContent.endsWith('.')"):
        yield "an address without sense is not named"
    yield from dict.fromkeys(tab.faults)


def choice_faults(hand):
    """Every choice of every list can be made; the first, with which a page begins, at the end."""
    tab = hand.tab
    lists = "[...document.querySelectorAll('select')]"
    for index, count in enumerate(tab.value(f"{lists}.map(list => list.options.length)")):
        for choice in [*range(1, count), 0]:
            change = f"list.selectedIndex = {choice}; list.dispatchEvent(new Event('change'))"
            tab.value(f"(list => {{ {change} }})({lists}[{index}])")
            chosen = f"{lists}[{index}].selectedIndex === {choice}"
            if not tab.until(f"!document.querySelector('.words').textContent.endsWith('…') && {chosen}", 60):
                yield f"choice {choice + 1} of list {index + 1} cannot be made"
            yield from hand.answers()


def key_faults(hand):
    """The first handle moves by arrow keys, and every control is reached by the Tab key."""
    tab = hand.tab
    before = hand.place()
    tab.value("document.querySelector('.handle').focus()")
    for key, code in [("ArrowLeft", 37), ("ArrowUp", 38)]:
        hand.key(key, code)
        hand.settled()
    if hand.place() == before:
        yield "arrow keys move nothing"
    tab.value("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        hand.key("Tab", 9)
        reached.add(tab.value("document.activeElement.id"))
    enabled = "[...document.querySelectorAll('button.step, select, input')].filter(control => !control.disabled)"
    controls = set(tab.value(f"{enabled}.map(control => control.id)"))
    if controls - reached:
        yield f"the Tab key does not lead to {', '.join(sorted(controls - reached))}"
    # Else the focus may be on a link, which the Enter key would follow.
    tab.value("(next => next ? next.focus() : document.activeElement.blur())(document.querySelector('button.next'))")
    before = hand.place()
    hand.key("Enter", 13, "\r")
    hand.settled()
    if tab.value("document.activeElement.matches('button.step')") and hand.place() == before:
        yield "the Enter key presses nothing"


def data_faults(hand, address):
    """A table is pasted, fitted, drawn and given back; a table that is none is named."""
    tab = hand.tab
    tab.window(WIDTHS[0])
    tab.open(f"{address}data.html")
    if not hand.ready():
        yield "does not start"
        return
    area = "const area = document.getElementById('text')"
    paste = f"(text => {{ {area}; area.value = text; area.dispatchEvent(new Event('input')); }})"
    tab.value(f"{paste}('a,b\\nx,y\\n')")
    if not tab.value("document.querySelector('.words.problem')?.textContent.includes('No column')"):
        yield "a table without numbers is not named"
    table = (ROOT / "src/data/blobs.csv").read_text(encoding="utf-8")
    tab.value(f"{paste}({json.dumps(table)})")
    tab.value("document.querySelectorAll('#columns input')[2].click()")
    tab.value("document.getElementById('fit').click()")
    done = "!document.getElementById('result').hidden && !document.getElementById('fit').disabled"
    if not tab.until(done, 60):
        yield "a table is not fitted"
        return
    words = tab.value("document.querySelector('.words').textContent")
    if not words.startswith("4 components: ℓ = −1264.859"):
        yield f"says of four blobs: {words}"
    command = tab.value("document.getElementById('command').textContent")
    options = "-k 1..5 --columns 1,2 --covariance full --start scaled --restarts 10 --out model.json"
    if command != f"executable-em fit yours.csv {options}":
        yield f"the command is {command}"
    kept = tab.value("fetch(document.getElementById('download').href).then(file => file.json()).then(({ k }) => k)")
    if kept != 4:
        yield f"the model has {kept} components"
    tab.value("document.querySelector('#comparison button:not(:disabled)').click()")
    tab.value("document.getElementById('variational').click()")
    tab.value("document.getElementById('fit').click()")
    if not tab.until(f"{done} && document.querySelector('.words').textContent.includes('≥')", 60):
        yield "the data choose no number of components"
    words = tab.value("document.querySelector('.words').textContent")
    if not words.startswith("4 components of at most 5: log p(data) ≥ −"):
        yield f"says of four blobs, of five components: {words}"
    command = tab.value("document.getElementById('command').textContent")
    if " -k 5 --variational --columns 1,2 --covariance full --restarts 10 --out model.json" not in command:
        yield f"the variational command is {command}"
    yield from hand.answers()
    yield from dict.fromkeys(tab.faults)


def look_faults(hand, address, name, screenshots, first="true"):
    """Nothing is wider than the window."""
    tab = hand.tab
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            tab.window(width, scheme)
            tab.open("about:blank")
            tab.open(f"{address}{name}.html")
            hand.ready()
            tab.value(first)
            hand.settled()
            if (wide := tab.value("document.documentElement.scrollWidth")) > width:
                yield f"{wide} pixels wide in a window of {width}"
            if screenshots:
                tab.picture(screenshots / f"live-{name}-{width}-{scheme}.png", width, scheme)


def fallback_faults(tab, address, name):
    """Without JavaScript there is a figure."""
    tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    tab.open("about:blank")
    tab.open(f"{address}{name}.html")
    tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    if not tab.value("document.querySelector('.stage img')?.naturalWidth"):
        yield "no still figure without JavaScript"


def figure_faults(hand, address):
    """Every still figure that is drawn in the browser is the committed one, byte for byte."""
    tab = hand.tab
    tab.open(f"{address}kmeans.html")
    hand.ready()
    count = 0
    for path in sorted((ROOT / "figures").glob("*/*.svg")):
        name = f"{path.parent.name}/{path.stem}"
        drawn = tab.value(f"Library.ask({{ page: 'figure', name: '{name}' }})")
        count += 1
        if drawn != path.read_text(encoding="utf-8"):
            yield f"{name} is drawn otherwise in the browser"
    print(f"{count} still figures drawn in the browser", flush=True)


def speed_faults(hand, address):
    """A sweep of EM and its drawing take no longer than a frame: the median of many, in an idle browser."""
    tab = hand.tab
    tab.open(f"{address}mixture.html")
    hand.ready()
    median = """(() => {
        const times = [];
        for (let step = 1; step <= 40; step++) {
            const start = performance.now();
            page.go({ step: String(step) });
            document.querySelector('.stage').getBoundingClientRect();
            times.push(performance.now() - start);
        }
        return times.sort((a, b) => a - b)[20];
    })()"""
    took = tab.value(median)
    print(f"a half step of EM and its drawing: {took:.1f} ms", flush=True)
    # The machine may have other things to do; what is to be noticed is another order of magnitude.
    if took > 4 * FRAME:
        yield f"a half step of EM and its drawing take {took:.0f} ms"
    many = """(async () => {
        const rows = Array.from({ length: 10000 }, (_, i) => `${(i * 0.618034) % 7},${(i * i * 0.0414214) % 5}`);
        const text = `a,b\\n${rows.join('\\n')}`;
        const question = { page: 'fit', text, columns: [1, 2], family: 'full', k: 5, highest: 5 };
        await Library.ask_aside({ page: 'example' });
        const start = performance.now();
        let [last, longest] = [start, 0];
        const look = () => { longest = Math.max(longest, performance.now() - last); last = performance.now(); };
        const clock = setInterval(look, 5);
        const { all_sweeps } = await Library.ask_aside(question);
        clearInterval(clock);
        look();
        return [all_sweeps / (last - start) * 1000, longest];
    })()"""
    rate, stood = tab.value(many)
    print(f"during a fit of 10 000 data the page stands still for {stood:.0f} ms at most", flush=True)
    # The fit itself takes seconds.
    if stood > 20 * FRAME:
        yield f"the page stands still for {stood:.0f} ms while it fits"
    print(f"{rate:.0f} sweeps a second over 10 000 data and five components", flush=True)
    if rate < SWEEPS:
        yield f"only {rate:.0f} sweeps a second over 10 000 data and five components"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("ask", type=Path)
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if not (options.folder / "module.js").exists():
        print(f"skipped: there are no live pages in {options.folder}")
        return 0
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        print(f"skipped: no Chromium here (looked for {', '.join(NAMES)}), so nobody has tried the live pages")
        return 0
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    faults = []
    with served(options.folder) as address, browser(program, address) as tab:
        hand = Hand(tab, native(options.ask))
        for name, controls in PAGES.items():
            start = time.monotonic()
            found = list(page_faults(hand, address, name, controls))
            found += look_faults(hand, address, name, options.screenshots)
            found += fallback_faults(tab, address, name)
            print(f"{name}: {'; '.join(found) or 'ok'} ({time.monotonic() - start:.0f} s)", flush=True)
            faults += found
        found = list(data_faults(hand, address))
        found += look_faults(hand, address, "data", options.screenshots, FITTED)
        print(f"data: {'; '.join(found) or 'ok'}", flush=True)
        faults += found
        faults += figure_faults(hand, address)
        faults += speed_faults(hand, address)
        print(f"{hand.count} answers compared with this machine's")
    print(*faults, sep="\n", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
