"""Check that every relative link and anchor in the project's Markdown leads somewhere. Prints what does not; exits 1.

Links to other sites are left alone: nothing here needs the internet.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href|srcset)=\"([^\"]+)\"")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def main() -> None:
    pages = documents()
    dead = [problem for page in pages for problem in problems(page)]
    for problem in dead:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} documents, {len(dead)} dead links")
    sys.exit(1 if dead else 0)


def documents() -> list[Path]:
    """The Markdown files that git knows or will know."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        return [path for path in ROOT.rglob("*.md") if not {".venv", "var"} & set(path.relative_to(ROOT).parts)]
    return [ROOT / name for name in listed if name and (ROOT / name).exists()]


def problems(page: Path) -> Iterator[str]:
    """Each dead link of one document, as "file:line: link: why"."""
    text = FENCE.sub(lambda match: "\n" * match[0].count("\n"), page.read_text(encoding="utf-8"))
    for number, line in enumerate(text.splitlines(), 1):
        for match in LINK.finditer(line):
            target = match[1] or match[2]
            if why := _why_dead(page, target):
                yield f"{page.relative_to(ROOT)}:{number}: {target}: {why}"


def _why_dead(page: Path, target: str) -> str:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    base = ROOT if parts.path.startswith("/") else page.parent
    there = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
    if not there.exists():
        return "no such file"
    if not there.is_relative_to(ROOT):
        return "leads out of the project"
    if parts.fragment and there.suffix == ".md" and parts.fragment not in _anchors(there):
        return "no such heading"
    return ""


def _anchors(page: Path) -> set[str]:
    """The anchors GitHub gives the headings of a document."""
    headings = re.findall(r"^#{1,6}\s+(.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    main()
