"""One class of address takes the place of "free mail or not": in the checks on record and in the scorecards.

What a signup was called "disposable" stays beside it, as history. On the way back a kind is a company's domain or free
mail again, whichever said the same.
"""

from django.db import migrations
from django.db.models import Exists, OuterRef, Subquery

WORK = ["company", "education", "government", "forwarder"]
PRIVATE = ["free_mail", "internet_provider", "relay"]
KINDS = [*WORK, *PRIVATE, "suspected_disposable", "parked", "free_hosting", "unknown"]  # all but disposable
MEANT = {"company_domain": WORK, "free_mail": PRIVATE, "disposable": ["disposable"], "not_disposable": KINDS}


def convert(apps, schema_editor):
    _convert_rules(apps)
    _convert_checks(apps)


def go_back(apps, schema_editor):
    for rule in apps.get_model("signups", "ScoreRule").objects.filter(fact="checks.kind"):
        codes = rule.value if isinstance(rule.value, list) else [rule.value]
        if rule.test in ("equals", "one_of") and codes in (["disposable"], KINDS):
            rule.fact, rule.test = "checks.disposable", "equals"
            rule.value = "disposable" if codes == ["disposable"] else "not_disposable"
        elif rule.test in ("equals", "one_of"):
            old = list(dict.fromkeys("company_domain" if code in WORK else "free_mail" for code in codes))
            rule.fact, rule.test, rule.value = "checks.free_mail", "equals" if len(old) == 1 else "one_of", old
            rule.value = old[0] if len(old) == 1 else old
        else:
            rule.fact = "checks.free_mail"
        rule.save()
    checks = apps.get_model("signups", "Check").objects.filter(name="kind")
    checks.filter(code__in=WORK).update(code="company_domain")
    checks.exclude(code="company_domain").update(code="free_mail")
    checks.update(name="free_mail", outcome="good")


def _convert_rules(apps):
    rules = apps.get_model("signups", "ScoreRule").objects
    for rule in rules.filter(fact__in=["checks.free_mail", "checks.disposable"]):
        rule.fact = "checks.kind"
        if rule.test in ("equals", "one_of"):
            old = rule.value if isinstance(rule.value, list) else [rule.value]
            rule.value = [code for was in old for code in MEANT.get(was, [was])]
            rule.test = "one_of"
        rule.save()


def _convert_checks(apps):
    Check = apps.get_model("signups", "Check")
    checks = Check.objects.filter(name="free_mail")
    disposable = Check.objects.filter(signup=OuterRef("signup"), name="disposable", outcome="bad")
    checks.filter(Exists(disposable)).update(
        code="disposable",
        outcome="bad",
        sentence=Subquery(disposable.values("sentence")[:1]),
        evidence=Subquery(disposable.values("evidence")[:1]),
    )
    checks.filter(code="company_domain").update(code="company")
    checks.update(name="kind")


class Migration(migrations.Migration):
    dependencies = [("signups", "0007_first_verdict_rules")]
    operations = [migrations.RunPython(convert, go_back)]
