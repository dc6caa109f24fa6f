"""Every sentence we say, in every language: extract, check, update and compile the gettext catalogues with Babel alone.

    python -m passaparola.kernel.catalogue check      # what is missing, doubtful or stale; exit 1 if anything
    python -m passaparola.kernel.catalogue update     # write new sentences, still untranslated, into their catalogue
    python -m passaparola.kernel.catalogue compile    # .po → .mo

See docs/howto/translate.md.
"""

import ast
import gettext as standard_gettext
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[1]
LOCALE = PACKAGE / "locale"
# English is the language of the source: it needs no catalogue.
LANGUAGES = ("es", "it")
# Which catalogue a source file's sentences belong to: the first whose prefix fits.
HOMES: tuple[tuple[str, str], ...] = (
    ("doors/console/", "console"),
    ("templates/console/", "console"),
    ("doors/look", "console"),
    ("doors/portal/", "portal"),
    ("templates/portal/", "portal"),
    ("programs/wording", "portal"),
    ("kernel/words", "portal"),
    ("doors/api/", "api"),
    ("events/catalogue/", "api"),
    ("cli/", "cli"),
    ("demo/", "cli"),
    ("doors/imports/", "cli"),
    ("doors/exports", "cli"),
    ("", "rooms"),
)
CATALOGUES = ("console", "portal", "api", "cli", "rooms")

_KEYWORDS = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@dataclass
class Sentence:
    """One thing we say in English, its plural if it has one, and the files that say it."""

    text: str
    plural: str | None = None
    files: list[str] = field(default_factory=list)


def home(file: str) -> str:
    """The catalogue for the sentences of a file, named relative to the package."""
    return next(name for prefix, name in HOMES if file.startswith(prefix))


def homes(sentence: Sentence) -> list[str]:
    """The catalogues a sentence may stand in: those of all files that say it."""
    return sorted({home(file) for file in sentence.files})


def sentences(package: Path = PACKAGE) -> dict[str, Sentence]:
    """Every translatable sentence of the package, by its English text."""
    found: dict[str, Sentence] = {}
    for file, text, plural in _all_messages(package):
        sentence = found.setdefault(text, Sentence(text))
        sentence.plural = sentence.plural or plural
        if file not in sentence.files:
            sentence.files.append(file)
    return found


def _all_messages(package: Path) -> Iterator[tuple[str, str, str | None]]:
    sources = sorted(package.rglob("*.py"))
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources}
    refusals = _refusal_names(list(trees.values()))
    for path in sources:
        file = path.relative_to(package).as_posix()
        for text, plural in _calls(path.read_bytes()):
            yield file, text, plural
        for text in _refusal_sentences(trees[path], refusals):
            yield file, text, None
    for path in sorted((package / "templates").rglob("*.html")) + sorted((package / "templates").rglob("*.txt")):
        file = path.relative_to(package).as_posix()
        for text, plural in _template_calls(path.read_text(encoding="utf-8"), file):
            yield file, text, plural


def _calls(source: bytes) -> Iterator[tuple[str, str | None]]:
    """Texts within gettext calls."""
    for _line, function, message, _comments in extract_python(io.BytesIO(source), dict.fromkeys(_KEYWORDS), [], {}):
        parts = [message] if isinstance(message, str) else list(message or ())
        if not parts or not parts[0]:
            continue
        plural = parts[1] if str(function).startswith("ngettext") and len(parts) > 1 else None
        yield parts[0], plural


def _template_calls(source: str, file: str) -> Iterator[tuple[str, str | None]]:
    """Texts of {% translate %}, {% blocktranslate %} and _("…") in a Django template."""
    from django.utils.translation.template import templatize

    # Django blanks everything else out; the indentation that remains would not be Python.
    flat = "\n".join(line.strip() for line in templatize(source, origin=file).splitlines())
    yield from _calls(flat.encode())


def _refusal_names(trees: list[ast.Module]) -> set[str]:
    """Names of all classes that descend from Refusal, however far."""
    bases = {
        node.name: {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    names = {"Refusal"}
    while more := {name for name, parents in bases.items() if parents & names} - names:
        names |= more
    return names - {"Refusal"}


def _refusal_sentences(tree: ast.Module, refusals: set[str]) -> Iterator[str]:
    """A refusal's docstring's first line is what people read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in refusals:
            text = (ast.get_docstring(node) or "").strip()
            if text:
                yield text.splitlines()[0]


def po_path(catalogue: str, language: str) -> Path:
    """Where a catalogue's translations into a language are kept."""
    return LOCALE / catalogue / language / "LC_MESSAGES" / "django.po"


def load(catalogue: str, language: str) -> Catalog:
    """The catalogue as committed; empty where there is none yet."""
    path = po_path(catalogue, language)
    if not path.exists():
        return Catalog(
            locale=language, domain="django", project="Passaparola", version="0.1", fuzzy=False,
            header_comment=f"# Passaparola, catalogue {catalogue!r}: {language}. See docs/howto/translate.md.",
            copyright_holder="the Passaparola authors", last_translator="the Passaparola authors",
            language_team=language, msgid_bugs_address="",
        )  # fmt: skip
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def check(package: Path = PACKAGE) -> list[str]:
    """Everything wrong with the catalogues, one line each; empty if all is well."""
    wanted = sentences(package)
    problems = []
    for language in LANGUAGES:
        known: set[str] = set()
        for name in CATALOGUES:
            catalog = load(name, language)
            problems += [f"{name}/{language}: {problem}" for problem in _catalogue_problems(catalog, known)]
            if stale(name, language):
                problems.append(f"{name}/{language}: the .mo is out of date: run catalogue compile")
        for text, sentence in sorted(wanted.items()):
            if text not in known:
                where = "+".join(homes(sentence))
                problems.append(f"{where}/{language}: missing: {text!r} ({', '.join(sentence.files)})")
    return problems


def _catalogue_problems(catalog: Catalog, known: set[str]) -> Iterator[str]:
    """Blank, fuzzy or mismatched translations; adds what is translated to `known`."""
    for message in catalog:
        if not message.id:
            continue
        forms = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
        strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
        if message.fuzzy:
            yield f"fuzzy: {forms[0]!r}"
        elif not all(strings):
            yield f"blank: {forms[0]!r}"
        else:
            known.add(forms[0])
        wanted = placeholders(" ".join(forms))
        for string in filter(None, strings):
            # A singular may leave its number out; nothing may be invented, and the last plural says everything.
            if not placeholders(string) <= wanted or (string is strings[-1] and placeholders(string) != wanted):
                yield f"placeholders differ: {forms[0]!r} → {string!r}"


def placeholders(text: str) -> set[str]:
    """%(name)s, %s and {name} in a text."""
    return set(_PLACEHOLDER.findall(text))


def stale(catalogue: str, language: str) -> bool:
    """Whether the compiled file says something else than the written one."""
    mo = po_path(catalogue, language).with_suffix(".mo")
    if not po_path(catalogue, language).exists():
        return False
    if not mo.exists():
        return True
    return _spoken(mo.read_bytes()) != _spoken(_compiled(load(catalogue, language)))


def _spoken(mo: bytes) -> dict[object, str]:
    messages = dict(standard_gettext.GNUTranslations(io.BytesIO(mo))._catalog)  # type: ignore[attr-defined]
    messages.pop("", None)
    return messages


def _compiled(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def compile_all() -> list[Path]:
    """Write every .mo whose .po says something else; the files written."""
    written = []
    for name in CATALOGUES:
        for language in LANGUAGES:
            if stale(name, language):
                target = po_path(name, language).with_suffix(".mo")
                target.write_bytes(_compiled(load(name, language)))
                written.append(target)
    return written


def update(only: str | None = None) -> dict[str, int]:
    """Add new sentences, untranslated, to their catalogue and drop those nobody says; how many were added to each."""
    wanted = sentences()
    added = {}
    for language in LANGUAGES:
        catalogs = {name: load(name, language) for name in CATALOGUES}
        everywhere = {_key(message.id) for catalog in catalogs.values() for message in catalog if message.id}
        for name in [only] if only else CATALOGUES:
            new = [s for s in wanted.values() if s.text not in everywhere and name in homes(s)]
            gone = [m.id for m in catalogs[name] if m.id and _key(m.id) not in wanted]
            for sentence in new:
                ids = (sentence.text, sentence.plural) if sentence.plural else sentence.text
                catalogs[name].add(ids, locations=[(file, 0) for file in sentence.files])
            for identity in gone:
                catalogs[name].delete(identity)
            catalogs[name].obsolete.clear()
            added[f"{name}/{language}"] = len(new)
            _write(catalogs[name], po_path(name, language))
    return added


def _key(identity: object) -> str:
    return identity[0] if isinstance(identity, (list, tuple)) else str(identity)


def _write(catalog: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, no_location=True, omit_header=False, sort_output=True)


def main(arguments: list[str]) -> int:
    """The command; the exit code."""
    match arguments:
        case ["check", *rest]:
            problems = [problem for problem in check() if not rest or rest[0] in problem.split("/")[0]]
            print("\n".join(problems) or "every sentence is there in es and it")
            return 1 if problems else 0
        case ["compile"]:
            for path in compile_all():
                print(f"compiled {path.relative_to(PACKAGE)}")
            return 0
        case ["update", *rest]:
            for name, count in update(rest[0] if rest else None).items():
                print(f"{name}: {count} new")
            return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
