"""Follow every link of the built book: each leads to a page, and to a place on it, that is there."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The places of a page, and where it links to."""

    def __init__(self, text):
        super().__init__()
        self.places, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.places.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def broken(book):
    """What is not there: each page with the link that leads nowhere."""
    ours = [path for path in book.rglob("*.html") if not {"doc", "_static"} & set(path.parts)]
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in ours}
    for path, page in pages.items():
        for link in page.links:
            target = urlsplit(link)
            if target.scheme or target.netloc:
                continue
            file = (path.parent / unquote(target.path)).resolve() if target.path else path
            if not file.exists():
                yield f"{path.name}: {link}"
            elif target.fragment and file.suffix == ".html":
                places = (pages.get(file) or Page(file.read_text(encoding="utf-8"))).places
                if unquote(target.fragment) not in places:
                    yield f"{path.name}: {link}"


if __name__ == "__main__":
    found = sorted(set(broken(Path(sys.argv[1]).resolve())))
    print(*found, sep="\n", file=sys.stderr)
    sys.exit(f"error: {len(found)} links of the book lead nowhere" if found else 0)
