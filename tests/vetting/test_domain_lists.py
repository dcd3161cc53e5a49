import subprocess
import sys
import timeit
import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import pytest
from publicsuffixlist import PublicSuffixList

from signups import domains
from signups.vetting import domain_index, domain_lists
from signups.vetting.domain_index import DomainIndex
from signups.vetting.domain_lists import GOOD, SHIPPED, entries, names, shipped
from signups.vetting.list_updates import TOP_PROVIDERS

OWN = [name for name in SHIPPED if name not in ("disposable", "suspected")]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_list_says_where_it_is_from(name: str) -> None:
    about = domain_lists.about(name)
    assert about.source
    assert about.version
    assert about.licence
    assert len(about.date) == len("2026-11-24")


@pytest.mark.parametrize("name", OWN)
def test_our_lists_are_tidy(name: str) -> None:
    listed = [entry.name for entry in entries(name, shipped(name))]
    assert len(listed) == len(set(listed))
    assert [d for d in listed if d != d.lower() or not d.isascii() or d.startswith("www.")] == []


@pytest.mark.parametrize("name", ["disposable", "suspected"])
def test_long_lists_are_sorted_and_name_nothing_twice(name: str) -> None:
    listed = names(shipped(name))
    assert all(one < other for one, other in pairwise(listed))
    assert [d for d in listed if domains.is_public(d)] == []


@pytest.mark.parametrize("name", ["disposable", "suspected"])
def test_no_provider_university_or_big_company_is_on_a_bad_list(name: str) -> None:
    listed = set(names(shipped(name)))
    good = {entry.name for one in GOOD for entry in entries(one, shipped(one))} | TOP_PROVIDERS
    assert sorted(good & listed) == []


def test_the_index_has_the_suspected_domains_and_no_other() -> None:
    index, listed = domain_lists.current().suspected, names(shipped("suspected"))
    assert len(index) == len(listed)
    assert [d for d in listed if not 1 <= index.get(d) <= 7] == []
    assert [index.get(d) for d in ("gmail.com", "dev.test", "", listed[0] + "x")] == [0, 0, 0, 0]


def test_an_index_keeps_a_number_with_each_name() -> None:
    index = DomainIndex(domain_index.build({"a.test": 1, "b.test": 7, "c.test": 12}))
    assert [index.get(d) for d in ("a.test", "b.test", "c.test", "d.test")] == [1, 7, 7, 0]


def test_registered_domains_are_those_of_the_public_suffix_list() -> None:
    known = PublicSuffixList()
    rules = [rule.encode("idna").decode() for rule in sorted(known._publicsuffix) if rule[0] not in "!*"]
    below = [f"{name}.{rule}" for rule in rules for name in ("acme", "eu.acme")]
    assert [d for d in below if domains.registrable(d) != known.privatesuffix(d)] == []


def test_importing_reads_no_list() -> None:
    script = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "from signups import intake; from signups import domains;from signups.vetting import domain_lists;"
        "print(domain_lists._held.lists, domains.suffixes.cache_info().currsize)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["None", "0"]


def seconds(work: Callable[[], object]) -> float:
    """The best of five tries."""
    return min(timeit.repeat(work, number=1, repeat=5))


def test_all_lists_load_sooner_than_the_long_one_alone_would_as_a_set() -> None:
    as_a_set = seconds(lambda: frozenset(names(shipped("suspected"))))
    assert seconds(lambda: domain_lists._load({})) < as_a_set / 2


def test_all_lists_take_a_fraction_of_the_memory_of_such_a_set() -> None:
    tracemalloc.start()
    kept: list[object] = []
    sizes = []
    for load in (lambda: domain_lists._load({}), lambda: frozenset(names(shipped("suspected")))):
        before = tracemalloc.get_traced_memory()[0]
        kept.append(load())
        sizes.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    assert sizes[0] < sizes[1] / 3
