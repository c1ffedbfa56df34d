"""What the documentation site has besides docs/: pages from files elsewhere, pages from the program itself, llms.txt.

A hook of MkDocs. Links are written for who reads the files in the repository; here they lead to the page that a file
has become, or to the repository where it has become none. One that leads nowhere is a warning, and so an error.
"""

import json
import logging
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from pricebook import REPOSITORY, SITE
from pricebook.catalog.model import noun_class
from pricebook.catalog.reference import Kind
from pricebook.cli.main import COMMANDS, root
from pricebook.plan.hazard import Hazard
from pricebook.policy.judge import hazard_id, rules
from pricebook.view.plan import HAZARD_WORDS

ROOT = Path(__file__).resolve().parents[1]
LOG = logging.getLogger("mkdocs.hooks.site")
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "examples/recipes/README.md": "recipes.md",
    **{f"examples/{name}/README.md": f"examples/{name}.md" for name in ("starter-plan", "llm-prices", "migration")},
}
"""Files of the repository that become pages of the site."""
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
LINKED = re.compile(r"\[([^\]]+)\]\([^)]*\)")
LANGUAGES = {".yaml": "yaml", ".csv": "text"}

_read: dict[str, str] = {}
"""The Markdown of every page, by its address, as it was rendered."""
_order: dict[str, int] = {}
"""Where each address stands in the navigation."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The names that are one setting of the program."""
    config.site_url = f"{SITE}/"
    # As `repo_url` every page would ask the code host for the number of stars.
    config.extra["social"] = [{"icon": "fontawesome/brands/git-alt", "link": REPOSITORY}]
    config.nav = [_filled(entry) for entry in config.nav or []]
    named = set(re.findall(r"[\w./-]+\.md", repr(config.nav)))
    if others := sorted({path.name for path in (ROOT / "docs").glob("*.md")} - named):
        config.nav.append({"More": others})
    return config


def _filled(entry: Any) -> Any:
    """A part of the navigation with the pages of a folder where it names one (`rules/`)."""
    match entry:
        case str() if entry.endswith("/"):
            raise ValueError(entry)
        case dict():
            return {title: _filled(part) for title, part in entry.items()}
        case [str(folder)] if folder.endswith("/"):
            names = sorted(path.name for path in (ROOT / "docs" / folder).glob("*.md"))
            return [f"{folder}README.md", *(folder + name for name in names if name != "README.md")]
        case list():
            return [_filled(part) for part in entry]
    return entry


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages that lie elsewhere, and those that are made."""
    made = {page: (ROOT / source).read_text(encoding="utf-8") for source, page in PAGES.items()}
    made |= {"commands.md": commands_page(), "fields.md": fields_page()}
    made["recipes.md"] += "".join(_recipe(folder) for folder in sorted((ROOT / "examples" / "recipes").glob("*/")))
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with links for the site; that of errors with a place for every code."""
    here = page.file.src_uri
    source = next((name for name, made in PAGES.items() if made == here), f"docs/{here}")
    text = LINK.sub(lambda link: link[1] + _lead(link[2], source, here) + link[3], markdown)
    if here == "errors.md":
        text = anchored(text)
        text += _codes_elsewhere(text)
    _read[page.canonical_url or here] = LINK.sub(lambda link: link[1] + _absolute(link[2], here) + link[3], text)
    return text


def on_post_build(config: MkDocsConfig) -> None:
    """llms.txt, what there is in a line each, and llms-full.txt, all of it."""
    index, whole = [f"# {config.site_name}\n\n> {config.site_description}\n"], []
    for address, text in sorted(_read.items(), key=lambda item: _order.get(item[0], len(_order))):
        title = next(iter(re.findall(r"^# (.+)$", text, re.MULTILINE)), address)
        parts = (" ".join(part.split()) for part in text.split("\n\n")[1:])
        about = next((part for part in parts if re.match(r"[\w`\[](?!``)", part)), "")
        about = LINKED.sub(r"\1", about)[:200]
        index.append(f"- [{title}]({address}): {about}")
        whole.append(f"<!-- {address} -->\n\n{text.strip()}\n")
    site = Path(config.site_dir)
    (site / "llms.txt").write_text("\n".join(index) + "\n", encoding="utf-8")
    (site / "llms-full.txt").write_text("\n\n".join(whole), encoding="utf-8")


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:
    """The pages' order; nothing is kept of a build before."""
    _read.clear()
    _order.update({page.canonical_url or "": place for place, page in enumerate(nav.pages)})


def _lead(target: str, source: str, page: str) -> str:
    """Where a link of a file leads on the site. `source` is the file, `page` what it has become."""
    name, hash_, anchor = target.partition("#")
    if "://" in name or target.startswith(("#", "mailto:")):
        return target
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), name))
    if not (ROOT / path).exists():
        LOG.warning("%s: there is no %s", source, target)
    made = PAGES.get(path) or PAGES.get(f"{path}/README.md")
    if made is None and path.startswith("docs/") and (ROOT / path).is_file():
        made = path.removeprefix("docs/")
    if made is None:
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{path}{hash_}{anchor}"
    return posixpath.relpath(made, posixpath.dirname(page) or ".") + hash_ + anchor


def _absolute(target: str, here: str) -> str:
    """The address of what a page of the site links to, for who reads the text and not the site."""
    if "://" in target or target.startswith("mailto:"):
        return target
    path, hash_, anchor = target.partition("#")
    found = posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else here
    found = re.sub(r"(^|/)(index|README)\.md$", r"\1", found)
    return f"{SITE}/{re.sub(r'[.]md$', '/', found)}{hash_}{anchor}"


def anchored(text: str) -> str:
    """The page of errors with a place of its own for each code in the first cell of a row."""

    def marked(row: re.Match[str]) -> str:
        return re.sub(r"`([\w-]+)`", r"`\1`{ #\1 }", row[0])

    return re.sub(r"^\| `[^|]*", marked, text, flags=re.MULTILINE)


def _codes_elsewhere(text: str) -> str:
    """What a message can name besides errors: rules and hazards, each with its place unless it has one."""
    lines = ["", "## Rules", "", "| rule | what it finds |", "|---|---|"]
    for rule in rules().values():
        place = "" if f"{{ #{rule.id} }}" in text else f"{{ #{rule.id} }}"
        lines.append(f"| [`{rule.id}`](rules/{rule.id}.md){place} | {rule.title} |")
    lines += ["", "## Hazards", "", "| hazard | what it is |", "|---|---|"]
    # A finding that asks for the approval of a hazard bears its id, which is written small.
    lines += [
        f'| [`{hazard}`](planning.md){{ #{hazard} }} | <span id="{hazard_id(hazard)}"></span>{HAZARD_WORDS[hazard]} |'
        for hazard in Hazard
    ]
    return "\n".join(lines) + "\n"


def _recipe(folder: Path) -> str:
    """A recipe in full."""
    parts = [f"\n## {folder.name}\n\n```text\npricebook init -C {folder.name} --example {folder.name}\n```\n"]
    for path in sorted(folder.rglob("*")):
        if path.suffix in LANGUAGES:
            language, name = LANGUAGES[path.suffix], path.relative_to(folder).as_posix()
            parts.append(f"`{name}`\n\n```{language}\n{path.read_text(encoding='utf-8').strip()}\n```\n")
    return "\n".join(parts)


# --- the commands -----------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Every command with its options, as `--help` has them."""
    context = click.Context(root, info_name="pricebook")
    shared = root.params
    parts = [
        "# Commands\n\nEvery command, in the order of use, as `pricebook COMMAND --help` says it.\n",
        f"## Options of every command\n\nThey stand before the command or behind it.\n\n{_options(context, shared)}",
    ]
    for name in COMMANDS:
        command = root.get_command(context, name)  # type: ignore[attr-defined]
        parts += _command(click.Context(command, info_name=name, parent=context), command, {*map(_named, shared)})
    return "\n".join(parts)


def _command(context: click.Context, command: click.Command, shared: set[str]) -> Iterator[str]:
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"## {context.command_path}\n\n```text\n{context.command_path} {pieces}\n```\n"
    yield re.sub(r"\n +", "\n", (command.help or "").replace("\b", "")).strip() + "\n"
    own = [option for option in command.params if _named(option) not in shared]
    yield _options(context, own)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                for part in _command(click.Context(inner, info_name=name, parent=context), inner, shared):
                    yield re.sub("^## ", "### ", part)


def _named(option: click.Parameter) -> str:
    return option.name or ""


def _options(context: click.Context, options: list[click.Parameter]) -> str:
    rows = [record for option in options if (record := option.get_help_record(context)) is not None]
    if not rows:
        return ""
    lines = ["| option | what it does |", "|---|---|"]
    lines += [f"| `{' '.join(name.split())}` | {_cell(text)} |" for name, text in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """A text in a table: on one line, and no bar ends the cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# --- the fields -------------------------------------------------------------------------------------------------------


def fields_page() -> str:
    """Every field of every kind, from the schemas, which come from the models."""
    manifest = json.loads((ROOT / "schemas" / "manifest.schema.json").read_text(encoding="utf-8"))["$defs"]
    project = json.loads((ROOT / "schemas" / "project.schema.json").read_text(encoding="utf-8"))
    parts = [
        "# Fields\n\nEvery field of manifests and of `pricebook.yaml`, from the models that judge them. How they are"
        " meant is in [manifests.md](manifests.md).\n",
        "## Kinds\n",
    ]
    kinds = [noun_class(kind).__name__ for kind in Kind]
    parts += [_model(name, manifest[name]) for name in kinds]
    parts.append("## Parts of them\n")
    parts += [_model(name, said) for name, said in sorted(manifest.items()) if name not in kinds]
    parts += ["## pricebook.yaml\n", _model("Project", project)]
    parts += [_model(name, said) for name, said in sorted(project["$defs"].items()) if name not in manifest]
    return "\n".join(parts)


def _model(name: str, said: dict[str, Any]) -> str:
    lines = [f"### {name}\n", _cell(said.get("description", "")) + "\n"]
    ways = [said, *said.get("anyOf", []), *said.get("oneOf", [])]  # some have a short form beside the mapping
    fields = next((way for way in ways if way.get("properties")), {})
    if ways[1:]:
        lines.append(f"{_type({'anyOf': ways[1:]})}.\n")
    required = set(fields.get("required", []))
    if fields:
        lines += ["| field | what it takes | |", "|---|---|---|"]
        for field, value in fields["properties"].items():
            needed = "**Required.** " if field in required else ""
            lines.append(f"| `{field}` | {_type(value)} | {needed}{_cell(value.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _type(value: dict[str, Any]) -> str:
    """What a schema takes, in a few words."""
    match value:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"enum": list(words)}:
            return ", ".join(f"`{word}`" for word in words if word is not None)
        case {"const": word}:
            return f"`{json.dumps(word)}`"
        case {"type": "array"}:
            return f"list of {_type(value.get('items', {}))}"
        case {"anyOf": list(ways)} | {"oneOf": list(ways)}:
            told = dict.fromkeys(_type(way) for way in ways if way.get("type") != "null")
            return " or ".join(told)
        case {"type": str(word)}:
            return {"string": "text", "object": "mapping", "boolean": "true or false"}.get(word, word)
    return ""
