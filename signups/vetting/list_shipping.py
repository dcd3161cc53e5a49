"""Writes the lists that come with the product: `data/disposable.txt`, `data/suspected.txt.gz` and its index.

For whoever makes a release: `manage.py update_lists --ship`, with `--folder` where there is no network.
"""

from __future__ import annotations

import gzip

from django.utils import timezone

from signups.vetting import domain_index
from signups.vetting.domain_lists import DATA
from signups.vetting.list_updates import Update


def write(update: Update) -> None:
    """Replace the file of a list by this version."""
    head = f"# source: {update.source}\n# version: {update.version}\n# date: {timezone.now():%Y-%m-%d}\n"
    text = f"{head}# licence: {update.licence}\n" + "\n".join(sorted(update.numbers)) + "\n"
    if update.list == "suspected":
        (DATA / f"{update.list}.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        beside = DATA / f"{update.list}.idx.new"  # processes have the old one mapped: it must not change under them
        beside.write_bytes(domain_index.build(update.numbers))
        beside.replace(DATA / f"{update.list}.idx")
    else:
        (DATA / f"{update.list}.txt").write_text(text, encoding="utf-8")
