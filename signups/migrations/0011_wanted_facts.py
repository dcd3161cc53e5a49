"""The facts that paid providers are asked for where nobody else knows them."""

from django.db import migrations

WANTED = {
    "person": ("name.fullName", "employment.title", "employment.domain"),
    "company": (
        "name", "description", "category.industry", "metrics.employees", "metrics.raised", "geo.country",
    ),
}  # fmt: skip


def want(apps, schema_editor):
    rows = apps.get_model("signups", "FieldPrecedence")
    for subject, paths in WANTED.items():
        for path in paths:
            rows.objects.get_or_create(subject=subject, path=path, defaults={"is_wanted": True})


class Migration(migrations.Migration):
    dependencies = [("signups", "0010_who_is_it")]
    operations = [migrations.RunPython(want, migrations.RunPython.noop, elidable=False)]
