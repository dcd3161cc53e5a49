from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone


def let_old_ones_be(apps, schema_editor):
    """Late look-ups of signups older than two days were never asked again, and waited for ever: they need not."""
    old = apps.get_model("signups", "Signup").objects.filter(lookups_due_at__isnull=False)
    old.filter(created_at__lt=timezone.now() - timedelta(days=2)).update(lookups_due_at=None)


class Migration(migrations.Migration):
    dependencies = [
        ("signups", "0019_signups_by_score"),
    ]

    operations = [
        migrations.AddField(
            model_name="integrationstate",
            name="leased_by",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=80),
        ),
        migrations.RunPython(let_old_ones_be, migrations.RunPython.noop),
    ]
