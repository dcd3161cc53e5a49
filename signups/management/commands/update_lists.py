"""`manage.py update_lists`: newer lists of disposable domains, with what changes; and the way back.

Prepare, show, keep. What is refused, and why, is `signups.vetting.list_updates`' business.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signups.models import DomainListVersion
from signups.vetting import domain_lists, list_shipping, list_updates
from signups.vetting.list_sources import SOURCES
from signups.vetting.list_updates import LISTS, Fetch, Update


class Command(BaseCommand):
    help = "Fetch newer lists of disposable domains, show the difference, and put them to use. Or go back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("lists", nargs="*", metavar="LIST", help=f"which: {', '.join(LISTS)} (default: all)")
        parser.add_argument("--dry-run", action="store_true", help="show the difference and keep nothing")
        parser.add_argument(
            "--force", action="store_true", help="take a list that looks wrong, without its wrong names"
        )
        parser.add_argument("--folder", type=Path, help="read SOURCE.txt files from here and ask no network")
        parser.add_argument("--rollback", metavar="LIST", help="put the version before back to use, and end")
        parser.add_argument("--list", action="store_true", help="show the versions there are, and end")
        parser.add_argument("--ship", action="store_true", help="write the lists that come with the product, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            return self.show_versions()
        if options["rollback"]:
            return self.roll_back(_known(options["rollback"]))
        fetch = _from_folder(options["folder"]) if options["folder"] else list_updates.fetcher()
        names = [_known(name) for name in options["lists"]] or list(LISTS)
        failed = [
            name
            for name in names
            if not self.update(name, fetch, dry=options["dry_run"], force=options["force"], ship=options["ship"])
        ]
        if failed:
            raise CommandError(f"Not updated: {', '.join(failed)}. What was in use before is in use still.")
        return None

    def update(self, name: str, fetch: Fetch, *, dry: bool, force: bool, ship: bool) -> bool:
        """Bring one list up to date; whether that went well."""
        update = list_updates.prepare(name, fetch)
        self.show(update)
        if update.problems and not force:
            self.stderr.write(self.style.ERROR(f"{name}: refused. Look at it, then --force takes what is not wrong."))
            return False
        if ship:
            list_shipping.write(update)
        elif not update.numbers:
            self.stderr.write(self.style.ERROR(f"{name}: an empty list is never taken."))
            return False
        elif update.is_news and not dry:
            version = list_updates.keep(update, by="update_lists")
            self.stdout.write(self.style.SUCCESS(f"  In use: {version.version}. Running processes follow in a minute."))
        return True

    def show(self, update: Update) -> None:
        line = f"{update.list}: {update.in_use:,} → {len(update.numbers):,} entries"
        line += f" (+{len(update.added):,} −{len(update.removed):,})" if update.is_news else ": nothing new"
        self.stdout.write(self.style.MIGRATE_HEADING(f"{line}, from {update.source}"))
        for word, domains in (("new", update.added), ("gone", update.removed), ("left out", update.left_out)):
            if domains:
                more = f" and {len(domains) - 8:,} more" if len(domains) > 8 else ""
                self.stdout.write(f"  {word}: {', '.join(domains[:8])}{more}")
        for problem in update.problems:
            self.stderr.write(self.style.WARNING(f"  {problem}"))

    def roll_back(self, name: str) -> None:
        try:
            version = list_updates.before(name)
        except LookupError as error:
            raise CommandError(str(error)) from error
        list_updates.use(name, version)
        said = version.version if version else f"{domain_lists.about(name).version}, which came with the product"
        self.stdout.write(self.style.SUCCESS(f"{name}: in use is {said}."))

    def show_versions(self) -> None:
        rows = DomainListVersion.objects.defer("names", "index").order_by("list", "-pk")
        for name in LISTS:
            fetched = [row for row in rows if row.list == name]
            shipped = domain_lists.about(name)
            is_used = not any(row.is_in_use for row in fetched)
            self.stdout.write(self.style.MIGRATE_HEADING(name))
            for row in fetched:
                self.stdout.write(f"  {'*' if row.is_in_use else ' '} {row.version}  {row.count:>9,} entries")
            self.stdout.write(f"  {'*' if is_used else ' '} {shipped.version}  came with the product")


def _known(name: str) -> str:
    if name not in LISTS:
        raise CommandError(f"There is no list {name!r} to update: take {' or '.join(LISTS)}.")
    return name


def _from_folder(folder: Path) -> Fetch:
    """What reads a source's file from the folder as if it came from the network."""
    files = {source.path: folder / f"{source.name}.txt" for sources in SOURCES.values() for source in sources}

    def fetch(path: str) -> str:
        try:
            return files[path].read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise CommandError(f"Cannot read {files[path]}: {error}. Put the source's list there.") from error

    return fetch
