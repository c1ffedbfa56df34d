"""The pictures of the documentation: `make pictures`. Drawings are SVG, written here; what the program shows is taken
in Chromium, and is looked at before it is committed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
STYLE = """<style>
  text { font: 14px system-ui, sans-serif; fill: #1f2328; text-anchor: middle }
  .s { font-size: 12px; fill: #59636e } .l { text-anchor: start } .b { font-weight: 600 }
  rect { fill: #f6f8fa; stroke: #8c959f; rx: 6px }
  .p { fill: #ddf4ff; stroke: #54aeff } .w { fill: #fff8c5; stroke: #d4a72c }
  path { stroke: #59636e; stroke-width: 1.5; fill: none } .d { stroke-dasharray: 5 4 }
  marker path { fill: #59636e; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .s { fill: #9198a1 } rect { fill: #151b23; stroke: #656c76 }
    .p { fill: #0c2d6b; stroke: #388bfd } .w { fill: #3b2300; stroke: #9e6a03 }
    path { stroke: #9198a1 } marker path { fill: #9198a1 }
  }
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
<path d="M0 0 8 4 0 8z"/></marker></defs>"""


def drawing(width: int, height: int, title: str, parts: Iterator[str]) -> str:
    """A drawing as a file; the title is what is read aloud."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    body = "\n".join(parts)
    return f'{head} role="img" aria-label="{escape(title)}">\n{STYLE}\n{body}\n</svg>\n'


def box(x: int, y: int, width: int, height: int, text: str, below: str = "", kind: str = "") -> str:
    """A box with a name, and a word below it."""
    middle, line = x + width // 2, y + height // 2 + (5 if not below else -3)
    more = f'\n<text class="s" x="{middle}" y="{line + 18}">{escape(below)}</text>' if below else ""
    rect = f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'
    return f'{rect}\n<text class="b" x="{middle}" y="{line}">{escape(text)}</text>{more}'


def arrow(path: str, kind: str = "") -> str:
    """A line with a head."""
    return f'<path class="{kind}" d="{path}" marker-end="url(#a)"/>'


def word(x: int, y: int, text: str, kind: str = "s") -> str:
    """A word beside something."""
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'


def loop() -> Iterator[str]:
    """From a file in git to an account, and back."""
    names = [
        ("manifests", "YAML and CSV in git"),
        ("validate", "all mistakes at once"),
        ("plan", "what, whom, when"),
        ("approval", "of the plan's digest"),
        ("apply", "that, nothing else"),
        ("account", "that bills"),
    ]
    for place, (name, below) in enumerate(names):
        x = 8 + place * 158
        yield box(x, 40, 138, 56, name, below, {0: "p", 3: "w", 5: "p"}.get(place, ""))
        if place:
            yield arrow(f"M{x - 20} 68H{x - 2}")
    yield arrow("M867 98V138H400V100", "d")
    yield word(634, 156, "read back and compared: the next plan is empty")
    yield arrow("M936 98V178H77V100", "d")
    yield word(507, 196, "import, drift: what somebody changed there by hand")


def reach() -> Iterator[str]:
    """Whom a change reaches: a card's prices everybody on it, a package's terms those who come later."""
    yield box(20, 30, 200, 56, "rate card", "one price list, a timeline each", "p")
    yield box(20, 150, 200, 56, "package, version 1", "terms that customers signed")
    yield box(20, 230, 200, 56, "package, version 2", "new terms, same alias", "w")
    for place, name in enumerate(("contract of 2024", "contract of 2025", "contract of 2026")):
        yield box(560, 30 + place * 100, 180, 56, name)
        yield arrow(f"M222 58C380 58 380 {58 + place * 100} 556 {58 + place * 100}")
    yield arrow("M222 178C380 178 400 70 556 64", "d")
    yield arrow("M222 178C380 178 420 164 556 162", "d")
    yield arrow("M222 258C380 258 420 262 556 262", "d")
    yield word(330, 26, "a new price reaches every contract, from its date on", "s l")
    yield word(250, 300, "a changed package is a new version: whoever is there stays on the old one", "s l")


def timeline() -> Iterator[str]:
    """A price is a timeline: what was, what is, what is to come."""
    yield arrow("M20 120H760")
    for x, width, price, since, kind in (
        (40, 240, "$2.50", "2025-04-01", ""),
        (280, 240, "$2.00", "2026-01-01", "p"),
        (520, 200, "$1.80", "2026-10-01", "w"),
    ):
        yield box(x, 50, width, 44, price, "", kind)
        yield word(x, 142, since, "s l")
    yield '<path class="d" d="M450 30V150"/>'
    yield word(450, 22, "today")
    yield word(40, 170, "metered already: not re-priced unless somebody says so by name", "s l")
    yield word(520, 170, "planned: can still be taken back", "s l")


def floors() -> list[list[str]]:
    """The rooms of each floor, from the top, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "floors")
    return [re.findall(r"\w+", layer) for layer in contract["layers"]]


def house() -> Iterator[str]:
    """The floors of the program, from the contracts of import-linter: a room that is blue reaches out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (pure,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "pure")
    out = {line.split(".")[1].split(" ")[0] for line in pure["ignore_imports"]}
    for floor, rooms in enumerate(floors()):
        width = (700 - 8 * (len(rooms) - 1)) // len(rooms)
        for place, room in enumerate(rooms):
            yield box(40 + place * (width + 8), 10 + floor * 44, width, 36, room, "", "p" if room in out else "")
    last = 44 * len(floors()) + 8
    yield arrow(f"M20 14V{last - 8}")
    yield word(40, last + 18, "a floor imports lower floors only; blue rooms reach out, the others are pure", "s l")


def drawings() -> dict[str, str]:
    """Every drawing, by the name of its file."""
    return {
        "loop.svg": drawing(956, 210, "From manifests in git to the account, and back", loop()),
        "reach.svg": drawing(760, 316, "Whom a change of a rate card and of a package reaches", reach()),
        "timeline.svg": drawing(780, 184, "A price is a timeline", timeline()),
        "house.svg": drawing(760, 44 * len(floors()) + 36, "The floors of the program", house()),
    }


COMMENT = """<!doctype html><meta charset="utf-8"><style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2328; margin: 24px; background: #fff }
table { border-collapse: collapse; margin-bottom: 16px }
td, th { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left }
code { font: 85% ui-monospace, monospace; background: #818b981f; padding: .2em .4em; border-radius: 6px }
h3 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em }
</style>"""


def pictures(folder: Path) -> None:
    """The comment and the page of a plan, as a reviewer sees them. Needs the development tools and Chromium."""
    import cmarkgfm
    from playwright.sync_api import sync_playwright

    def pricebook(*words: str) -> None:
        line = [sys.executable, "-m", "pricebook", "-C", "prices", *words]
        subprocess.run(line, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    pricebook("init", "--example", "starter-plan")
    pricebook("--as-of", "2025-10-01", "apply", "--yes")
    for customer in ("harbor", "atlas"):
        words = ("--package", "team", "--starting-at", "2025-11-01", "--yes")
        pricebook("--as-of", "2025-10-01", "provision", "--customer", customer, *words)
    card, package = (folder / "prices" / "catalog" / name for name in ("rate-card.yaml", "packages/starter-plan.yaml"))
    edited = r"\g<1>2026-02-01, price: $2.00"
    text, count = re.subn(r"(input-tokens,.*large.*)2025-04-01, price: \$2.50", edited, card.read_text())
    assert count == 1, "the example has another price now"
    card.write_text(text)
    package.write_text(package.read_text().replace("unit_price: $10.00", "unit_price: $15.00"))
    pricebook("--as-of", "2025-12-15", "plan", "--report", "markdown=comment.md", "--report", "html=plan.html")
    comment, page = folder / "comment.md", folder / "plan.html"
    shown = cmarkgfm.github_flavored_markdown_to_html(comment.read_text(encoding="utf-8"), 1 << 17)
    (folder / "comment.html").write_text(COMMENT + shown, encoding="utf-8")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, file, height in (("comment", folder / "comment.html", 520), ("page", page, 560)):
            view = browser.new_page(viewport={"width": 1000, "height": height})
            view.goto(file.as_uri())
            view.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


def main() -> None:
    """Write all of them."""
    PICTURES.mkdir(exist_ok=True)
    for name, text in drawings().items():
        (PICTURES / name).write_text(text, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        pictures(Path(folder))


if __name__ == "__main__":
    main()
