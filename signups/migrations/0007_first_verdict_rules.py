"""The first verdict rules: data, which staff change in the admin."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signups", "0006_vetting")]
    operations = []
