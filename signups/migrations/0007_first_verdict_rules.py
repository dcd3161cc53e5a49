"""The first verdict rules: data, which staff change in the admin. docs/vetting.md says why each is as it is."""

from django.db import migrations
from django.utils import timezone


def _is(fact, value):
    return {"fact": fact, "test": "equals", "value": value}


def _in(fact, *values):
    return {"fact": fact, "test": "one_of", "value": list(values)}


def _from(fact, value):
    return {"fact": fact, "test": "at_least", "value": value}


RULES = [
    # Hard facts
    ("deny_list", "reject", "It is on your deny list.", _is("checks.lists", "deny_list")),
    ("disposable", "reject", "The address is a throw-away one.", _is("checks.kind", "disposable")),
    (
        "no_mail",
        "reject",
        "No mail can reach this address.",
        _in("checks.mx", "null_mx", "no_such_domain", "no_mail_server"),
    ),
    ("other_hard_fact", "reject", "A hard fact speaks against it.", _from("signs.bad", 1)),
    # Staff's word, and what a person should look at
    ("hold_list", "hold", "It is on your hold list.", _is("checks.lists", "hold_list")),
    (
        "risky_and_valuable",
        "hold",
        "The company is valuable, but nobody knows this person and its domain names no mail server.",
        _is("checks.mx", "implicit_mx"),
        _is("is_high_value", True),
        _is("outcomes.person", "unknown"),
    ),
    # Several weak signs
    (
        "disposable_servers_and_more",
        "reject",
        "The domain rests on servers of throw-away addresses, and something else speaks against it, too.",
        _is("outcomes.fingerprint", "risky"),
        _is("evidence.fingerprint.strong", True),
        _from("signs.risky", 2),
    ),
    (
        "spam_again",
        "hold",
        "This mailbox has signed up before, and staff called that spam.",
        _is("checks.velocity", "repeated_address"),
        _is("evidence.velocity.repeat_label", "spam"),
    ),
    (
        "lookalike_and_more",
        "hold",
        "The domain looks like another’s, and something else speaks against it, too.",
        _is("outcomes.lookalike", "risky"),
        _from("signs.risky", 2),
    ),
    (
        "crowd_by_one_browser",
        "hold",
        "One browser confirmed this and several other signups.",
        _is("checks.confirmation_click", "many_from_device"),
    ),
    (
        "crowd_at_one_address",
        "hold",
        "Two dozen other signups and more were confirmed from one IP address in a day.",
        _from("evidence.confirmation_click.ip_24h", 25),
    ),
    (
        "crowd_and_more",
        "hold",
        "Many were confirmed from the same place, and something else speaks against it, too.",
        _is("outcomes.confirmation_click", "risky"),
        _from("signs.risky", 2),
    ),
    ("many_weak_signs", "hold", "Three things speak against it, each of them weakly.", _from("signs.risky", 3)),
    # One weak sign: a click proves the mailbox
    ("disposable_servers", "confirm", "It rests on servers of throw-away addresses.", _is("outcomes.fingerprint", "risky")),
    (
        "doubtful_kind",
        "confirm",
        "The domain is of a kind that is seldom a customer’s.",
        _in("checks.kind", "suspected_disposable", "parked", "free_hosting"),
    ),
    ("lookalike", "confirm", "The domain looks like another’s.", _is("outcomes.lookalike", "risky")),
    ("odd_name", "confirm", "The domain’s name looks odd.", _is("outcomes.name_look", "risky")),
    ("gibberish", "confirm", "The address before the @ looks made up.", _is("checks.local_part", "gibberish")),
    ("repeats", "confirm", "Many of the same came of late.", _is("outcomes.velocity", "risky")),
    ("young_domain", "confirm", "The domain was registered just now.", _is("outcomes.domain_age", "risky")),
    ("doubtful_mailbox", "confirm", "The mail server does not know the mailbox.", _is("outcomes.mailbox", "risky")),
    # Nobody could say
    ("mx_unknown", "confirm", "Nobody could say whether mail reaches it.", _is("outcomes.mx", "unknown")),
    # Noted only
    ("role_account", "log", "A shared mailbox.", _is("checks.role", "role_account")),
    ("crowd", "log", "Many were confirmed from the same place.", _is("outcomes.confirmation_click", "risky")),
]  # fmt: skip


def make(apps, schema_editor):
    RuleSet = apps.get_model("signups", "RuleSet")
    if RuleSet.objects.exists():
        return
    now = timezone.now()
    rule_set = RuleSet.objects.create(version=1, state="published", note="As shipped.", published_at=now)
    apps.get_model("signups", "RulePublication").objects.create(rule_set=rule_set, note="As shipped.")
    VerdictRule = apps.get_model("signups", "VerdictRule")
    VerdictRule.objects.bulk_create(
        VerdictRule(
            rule_set=rule_set, order=number, name=name, action=action, sentence=sentence, conditions=conditions
        )
        for number, (name, action, sentence, *conditions) in enumerate(RULES, 1)
    )


class Migration(migrations.Migration):
    dependencies = [("signups", "0006_vetting")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
