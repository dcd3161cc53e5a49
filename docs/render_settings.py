"""Write the settings, as `onboarding/environment.py` knows them, into `.env.example` and the README's table.

`python docs/render_settings.py` writes both; a test fails while they differ from the code.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from onboarding.environment import VARIABLES, Variable  # noqa: E402

BEGIN, END = "<!-- settings: written by docs/render_settings.py -->", "<!-- /settings -->"
HEAD = """# Every setting, with its default. Copy to .env and change what you need; the environment beats this file.
# Written by docs/render_settings.py from onboarding/environment.py.
"""


def env_example() -> str:
    """The text of `.env.example`: each variable commented out, with its meaning above it."""
    return "\n".join([HEAD, *(_entry(variable) for variable in VARIABLES)])


def table() -> str:
    """The README's table, a row a variable."""
    rows = [f"| `{one.name}` | {_cell(_text(one.default))} | {one.meaning} |" for one in VARIABLES]
    return "\n".join(["| name | default | meaning |", "|---|---|---|", *rows])


def with_table(readme: str) -> str:
    """The README with the table of today between its two marks. Raises ValueError where a mark is missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The README lacks {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _entry(variable: Variable) -> str:
    meaning = textwrap.fill(variable.meaning, 118, initial_indent="# ", subsequent_indent="# ")
    return f"{meaning}\n#{variable.name}={_text(variable.default)}\n"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return ",".join(value)
    return str(value)


def _cell(text: str) -> str:
    return f"`{text}`" if text else ""


def main() -> None:
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
