"""Write what Sphinx makes the book of: the notebooks with their links, and the pages that nobody types.

`catalogue.json` says of each item of the lectures where it is derived, tested, shown and drawn. From it
come a page for each lecture, which links to all of these, and pages of the tests and the figures.
"""

import json
import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent.parent
LECTURES = {
    "H": "Hennig, *Mixture Models & EM*",
    "L": "*Gaussian Mixture Models*, a course notebook",
    "C": "Cohn, *Expectation Maximization*",
    "B": "*Gaussian Mixture Models*, a web note",
    "T": "Daniel, *Expectation Maximization*",
    "X": "Beyond the last slide",
}
ID = r"\b[A-Z]-E?\d{2}\b"
CLASSES = {"E": "error", "Q": "true with a proviso", "N": "notation", "O": "perhaps the scan", "R": "right as printed"}


def live_pages():
    """Below which still figure a chapter shows the live page that brings it to life, and what it is called there."""
    field = lambda name, text: re.search(rf"(?m)^{name}: (.*)$", text)
    pages = [(path.stem, path.read_text(encoding="utf-8")) for path in (ROOT / "crates/live/pages").glob("*.html")]
    told = [(field("chapter", text)[1], field("beside", text)[1], name, field("title", text)[1])
            for name, text in pages if field("chapter", text)]
    return {beside: (name, title) for _, beside, name, title in sorted(told)}


def held_together(text):
    """No line may begin with what follows a formula: both stand in a span that does not break."""
    after = lambda found: f'<span class="held">{found[1]}{found[2]}</span>' if found[2] else found[0]
    return re.sub(r"(?s)(\$\$.+?\$\$|\$[^$]+\$)([-,.;:!?)'’”]?)", after, text)


class Pages:
    """What links need to know: the entries, the headings and the pages of the documentation."""

    def __init__(self, target, documentation, live):
        self.target = target
        self.documentation = documentation
        self.live = live
        self.live_pages = live_pages()
        self.entries = json.loads((ROOT / "catalogue.json").read_text(encoding="utf-8"))
        self.known = {entry["id"] for entry in self.entries}
        self.headings = {}

    def write(self, name, text):
        (self.target / name).write_text(text, encoding="utf-8")

    def linked(self, text, without=None):
        """The text with each id a link to its place on its lecture's page."""
        link = lambda found: f"[{found[0]}](#{found[0].lower()})" if found[0] in self.known - {without} else found[0]
        return re.sub(ID, link, text)

    # The notebooks.

    def notebook(self, path):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"] = [part for cell in notebook["cells"] for part in (cell, *self.beside(cell))]
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                source = re.sub(r"(?m)^(#+) (.+)$", lambda found: self.heading(path.stem, *found.groups()), source)
                line = r"(?m)^\*(?:In|Beyond) the lectures: .*\*$"
                source = re.sub(line, lambda found: self.linked(found[0]), source)
                cell["source"] = held_together(source)
            for output in cell.get("outputs", []):
                shown = "".join(output.get("data", {}).get("text/markdown", ""))
                if shown:
                    output["data"]["text/markdown"] = re.sub(
                        r"^\[`([\w:]+)`\]\([^)]*\)", lambda found: self.function(found[1], False), shown
                    )
        self.write(path.name, json.dumps(notebook, ensure_ascii=False))

    def beside(self, cell):
        """The live page that belongs to what a cell draws, if it was built."""
        drawn = re.fullmatch(r'figures::draw\("([a-z_/]+)"\)\?', "".join(cell["source"]).strip())
        name, title = self.live_pages.get(drawn[1], (None, None)) if drawn else (None, None)
        if name and (self.live / f"{name}.html").exists():
            place = f"live/{name}.html"
            frame = f'<iframe class="live" src="{place}" title="{title}" loading="lazy"></iframe>'
            words = f'<p class="live"><a href="{place}" target="_blank">{title}</a>, on a page of its own</p>'
            source = f'<div class="live">\n{frame}\n{words}\n</div>'
            yield {"cell_type": "markdown", "id": f"live-{name}", "metadata": {}, "source": source}

    def heading(self, stem, marks, title):
        """A heading with a label of its own; its words may hold mathematics, which no address could."""
        label = self.headings.setdefault(f"{stem}#{title}", f"{stem.lower()}-{len(self.headings)}")
        return f"({label})=\n{marks} {title}"

    def front(self):
        """The front page leads to the live pages, if they were built."""
        if not (self.live / "module.js").exists():
            return
        text = (self.target / "index.md").read_text(encoding="utf-8")
        link = lambda name, words: f'<a href="live/{name}.html">{words}</a>'
        pages = ", ".join(link(name, title) for name, title in self.live_pages.values())
        hold = f"**Something to take hold of.** {pages}. Each stands in its chapter too, "
        hold += "and its address holds what you see."
        own = f"**You have data.** {link('data', 'Paste them here')}, and your browser fits them; "
        own += "or let the program do it:"
        title = "## How to read a chapter"
        for before, after in [("**You have data.**", own), (title, f"{hold}\n\n{title}")]:
            if before not in text:
                raise SystemExit(f"error: the front page has no {before}")
            text = text.replace(before, after, 1)
        self.write("index.md", text)

    # Places.

    def function(self, path, is_public=True):
        """A link to the documentation of a function, type, method or module; what is not public has none."""
        *modules, name = path.split("::")
        kinds = ["fn", "struct", "enum", "trait", "type", "constant"]
        pages = [("/".join(modules), f"{kind}.{name}.html", "") for kind in kinds]
        if modules:
            owner = [("/".join(modules[:-1]), f"{kind}.{modules[-1]}.html") for kind in kinds[1:4]]
            pages += [(*page, f"{sort}.{name}") for page in owner for sort in ("method", "tymethod")]
        pages += [("/".join([*modules, name]), "index.html", "")]
        for crate in ("executable_em", "executable_em_engine", "executable_em_figures"):
            for folder, page, anchor in pages:
                inner = folder.removeprefix(crate.removeprefix("executable_em_")).strip("/")
                below = self.documentation / crate / inner
                # What a module exports again has its page where it was made.
                deeper = sorted(below.glob(f"*/{page}")) if inner and page != "index.html" else []
                for file in [below / page, *deeper]:
                    if file.exists() and f'id="{anchor}"' * bool(anchor) in file.read_text(encoding="utf-8"):
                        place = Path("doc") / file.relative_to(self.documentation)
                        return f'<a href="{place}{"#" * bool(anchor)}{anchor}"><code>{path}</code></a>'
        if is_public:
            raise SystemExit(f"error: no page of the documentation for {path}")
        return f"`{path}`"

    def section(self, name):
        stem, _, title = name.partition("#")
        if name not in self.headings:
            raise SystemExit(f"error: no heading {name}")
        return f"[{title}](#{self.headings[name]})"

    def test(self, name):
        return f"[`{name.split('::')[-1]}`](#test-{slug(name)})"

    def figure(self, name):
        return f"[{name}](#figure-{slug(name)})"

    # The pages.

    def lecture(self, letter):
        lines = [f"(lecture-{letter.lower()})=", f"# {letter} · {LECTURES[letter]}", ""]
        own = [entry for entry in self.entries if entry["id"].startswith(f"{letter}-")]
        items = [entry for entry in own if "statement" in entry]
        errata = [entry for entry in own if "statement" not in entry]
        lines += [f"{len(items)} items in the order of the lecture, and {len(errata)} slips. Each with where"]
        lines += ["the book derives it, the functions that compute it, the tests that hold it to account, and the"]
        lines += ["figures that draw it.", ""]
        for title, entries in (("Items", items), ("Errata", errata)):
            if entries:
                lines += [f"## {title}", ""]
            for entry in entries:
                lines += [f"({entry['id'].lower()})=", f"### {entry['id']}", "", *self.entry(entry), ""]
        self.write(f"lecture_{letter}.md", held_together("\n".join(lines)))

    def entry(self, entry):
        own = entry["id"]
        if "statement" in entry:
            yield self.linked(entry["statement"], own)
        else:
            name = CLASSES.get(entry["class"], entry["class"])
            printed, right = self.linked(entry["printed"], own), self.linked(entry["right"], own)
            yield f"**Printed** {printed}  \n**Right** {right} *({name})*"
        yield ""
        places = [
            ("derived in", entry["sections"], self.section),
            ("code", entry["functions"], self.function),
            ("tests", entry["tests"], self.test),
            ("figures", entry["figures"], self.figure),
        ]
        yield "{.places}"
        yield "  \n".join(f"{name}: {', '.join(map(link, names))}" for name, names, link in places if names)
        if "reason" in entry:
            chapter = next((ROOT / "notebooks").glob(f"*_{entry['chapter']}.ipynb"))
            nowhere = "" if entry["sections"] else f", read beside [chapter {int(chapter.name[:2])}]({chapter.name})"
            yield f"\n*{entry['reason']}*{nowhere}"

    def tests(self):
        """The tests that the catalogue names, a page a chapter."""
        names = sorted({name for entry in self.entries for name in entry["tests"]})
        files = {}
        for folder in ("tests", "crates/engine/tests", "crates/figures/tests", "crates/cli/tests"):
            for path in sorted((ROOT / folder).rglob("*.rs")):
                module = str(path.relative_to(ROOT / folder).with_suffix("")).replace("/", "::").replace("::main", "")
                # Two crates may each have a file of that name.
                files.setdefault(module, []).extend(path.read_text(encoding="utf-8").split("\n"))
        pages = {}
        for name in names:
            module, _, function = name.rpartition("::")
            code = test_in(files.get(module, []), function)
            if code is None:
                raise SystemExit(f"error: no test {name}")
            pages.setdefault(module.split("::")[0], []).append(
                f"(test-{slug(name)})=\n## {function}\n\n`{module}`\n\n```rust\n{code}\n```\n"
            )
        for chapter, texts in pages.items():
            self.write(f"tests_{chapter}.md", f"# {chapter}\n\n" + "\n".join(texts))
        lines = ["# The tests", "", "The tests that the pages by lecture name, chapter by chapter."]
        lines += ["`cargo test` runs these and all others."]
        lines += ["", "```{toctree}", ":maxdepth: 1", "", *(f"tests_{chapter}" for chapter in pages), "```", ""]
        self.write("tests.md", "\n".join(lines))

    def figures(self):
        """Every figure with its words, and the command that draws it."""
        lines = ["# Figures for your notes", ""]
        lines += ["Every figure of the book, drawn by one command, in the form that you need: `svg`, `pdf`, `png`.", ""]
        chapter = None
        for path in sorted((ROOT / "figures").glob("*/*.*"), key=lambda path: (self.rank(path.parent.name), path.name)):
            name = f"{path.parent.name}/{path.stem}"
            if path.parent.name != chapter:
                chapter = path.parent.name
                lines += [f"## {chapter}", ""]
            title, words = words_of(path)
            title = title or name
            lines += [f"(figure-{slug(name)})=", f"### {title}", ""]
            lines += [f"![{title}](../figures/{path.parent.name}/{path.name})", ""]
            lines += [words, ""] if words else []
            form = "gif" if path.suffix == ".gif" else "pdf"
            lines += ["```sh", f"cargo run --release -- figures {name} --format {form}", "```", ""]
        self.write("figures.md", "\n".join(lines))

    def rank(self, chapter):
        order = [path.stem.partition("_")[2] for path in sorted((ROOT / "notebooks").glob("*_*.ipynb"))]
        return order.index(chapter) if chapter in order else len(order)


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def test_in(lines, function):
    """A test with its documentation: from the comment before it to the brace that closes it."""
    start = next((at for at, line in enumerate(lines) if re.match(rf"\s*(pub )?fn {function}\b", line)), None)
    if start is None:
        return None
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    end = next(at for at in range(start, len(lines)) if lines[at] == f"{indent}}}")
    while start and re.match(r"\s*(///|#\[|//)", lines[start - 1]):
        start -= 1
    return "\n".join(line.removeprefix(indent) for line in lines[start : end + 1])


def words_of(path):
    """A figure's title and description, which an SVG carries."""
    if path.suffix != ".svg":
        return None, None
    root = ElementTree.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    found = [root.findtext(f"{space}{tag}") for tag in ("title", "desc")]
    return [text.strip() if text else None for text in found]


def main(target, documentation, live):
    target.mkdir(parents=True, exist_ok=True)
    pages = Pages(target, documentation, live)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        pages.notebook(path)
    for path in sorted((ROOT / "notebooks").glob("*.md")):
        shutil.copy(path, target)
    pages.front()
    for letter in sorted({name[0] for name in pages.known}):
        pages.lecture(letter)
    pages.tests()
    pages.figures()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
