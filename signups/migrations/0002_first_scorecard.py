"""The first scorecard: data, which staff change in the admin."""

from django.db import migrations

RULES = [
    # fact, test, value, points, sentence, alone makes it high value
    ("company.metrics.raised", "at_least", 1_000_000, 15, "The company has raised ${value:,}", False),
    ("company.metrics.raised", "at_least", 10_000_000, 20, "A well-funded company: $10M or more", True),
    ("company.metrics.employees", "at_least", 50, 10, "A company of {value:,} people", False),
    ("company.metrics.employees", "at_least", 200, 10, "Mid-sized: 200 people or more", False),
    ("company.metrics.employees", "at_least", 1000, 10, "Large: 1,000 people or more", False),
    ("company.name", "known", None, 5, "The company is known: {value}", False),
    ("person.employment.seniority", "equals", "executive", 20, "An executive", False),
    ("person.employment.seniority", "equals", "director", 12, "A director", False),
    ("person.employment.seniority", "equals", "manager", 6, "A manager", False),
    ("person.employment.role", "one_of", ["founder", "ceo", "owner", "president"], 10, "Decides alone: {value}", False),
    ("person.github.handle", "known", None, 5, "Writes software: {value} at GitHub", False),
    ("person.linkedin.handle", "known", None, 3, "Has a LinkedIn profile", False),
    ("checks.free_mail", "equals", "company_domain", 10, "Signed up with a work address", False),
    ("checks.free_mail", "equals", "free_mail", -5, "Signed up with a personal address", False),
]


def make(apps, schema_editor):
    card = apps.get_model("signups", "Scorecard").objects.create(name="First impression", version=1, is_active=True)
    rule = apps.get_model("signups", "ScoreRule")
    for order, (fact, test, value, points, sentence, is_high_value) in enumerate(RULES):
        rule.objects.create(
            scorecard=card,
            order=order,
            fact=fact,
            test=test,
            value=value,
            points=points,
            sentence=sentence,
            is_high_value=is_high_value,
        )


def remove(apps, schema_editor):
    apps.get_model("signups", "Scorecard").objects.filter(name="First impression", version=1).delete()


class Migration(migrations.Migration):
    dependencies = [("signups", "0001_initial")]
    operations = [migrations.RunPython(make, remove)]
