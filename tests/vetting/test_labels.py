"""The label files that come with the benchmarks, and how they are read."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import accuracy
from signups.vetting import address
from tests.sandbox_process import ROOT

FOLDER = ROOT / "benchmarks" / "labels"


def told(folder: Path) -> str:
    return "\n".join(accuracy.report(accuracy.read(folder)))


def labelled(folder: Path, name: str, *lines: str) -> Path:
    folder.joinpath(name).write_text("\n".join(lines))
    return folder


def test_addresses_are_told_apart_at_least_as_well_as_by_email_validator(tmp_path: Path) -> None:
    labels = accuracy.read(FOLDER).addresses
    ours = [case for case in labels if address.is_valid(case[0]) != (case[1] == "valid")]
    peers = [case for case in labels if accuracy.peer_takes(case[0]) != (case[1] == "valid")]
    assert accuracy.balanced_accuracy(labels, ours) >= max(0.974, accuracy.balanced_accuracy(labels, peers))


def test_no_domain_that_is_not_disposable_is_called_so() -> None:
    kinds = {
        domain: accuracy.kind_of(domain)[0] for domain, label in accuracy.read(FOLDER).domains if label != "disposable"
    }
    assert [domain for domain, kind in kinds.items() if kind == "disposable"] == []


def test_every_domain_is_of_the_kind_it_is_labelled_with() -> None:
    said = [(domain, accuracy.kind_of(domain)[0], label) for domain, label in accuracy.read(FOLDER).domains]
    assert [one for one in said if one[1] != one[2]] == []


def test_typos_are_corrected_and_meant_domains_are_not() -> None:
    cases = accuracy.read(FOLDER).typos
    wrong = [case for case, label in cases if label != "-" and accuracy.suggested(case) != label]
    assert (wrong[5:], [case for case, label in cases if label == "-" and accuracy.suggested(case)]) == ([], [])


def test_what_a_file_is_about_is_read_off_its_labels(tmp_path: Path) -> None:
    labelled(tmp_path, "a.tsv", "# a comment", "ada@example.com\tvalid", "a\tb\tInvalid", "")
    labelled(tmp_path, "b.txt", "gmail.com\tFree mail", "tempbox.example\tdisposable")
    labelled(tmp_path, "c.tsv", "gmial.com\tgmail.com", "acme.example\t-")
    labelled(tmp_path, "d.tsv", "dev.test\tgood", "nowhere.test\tbad")
    assert accuracy.read(tmp_path) == accuracy.Labels(
        addresses=[("ada@example.com", "valid"), ("a\tb", "Invalid")],
        domains=[("gmail.com", "free_mail"), ("tempbox.example", "disposable")],
        typos=[("gmial.com", "gmail.com"), ("acme.example", "-")],
        situations=[("dev.test", "good"), ("nowhere.test", "bad")],
    )


def test_both_rates_of_a_report_are_shares_of_what_was_labelled(tmp_path: Path) -> None:
    labelled(tmp_path, "c.tsv", "gmial.com\tgmail.com", "stripe.com\tgmail.com", "acme.example\t-")
    assert told(tmp_path).splitlines() == [
        "2 typos, 1 domains that were meant",
        "  corrected 1 of 2 (50.00%)",
        "    stripe.com meant gmail.com, suggested nothing",
        "  wrongly corrected 0 of 1 (0.00%)",
    ]


@pytest.mark.parametrize(
    ("line", "problem"), [("no tab", "line 1: a case, a tab and its label are wanted"), ("", "has no label file")]
)
def test_a_folder_that_cannot_be_read_is_one_line_that_says_why(tmp_path: Path, line: str, problem: str) -> None:
    labelled(tmp_path, "a.tsv", line)
    command = [sys.executable, "-m", "benchmarks.vetting", "--accuracy", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert problem in ended.stderr
