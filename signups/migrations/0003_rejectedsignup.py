from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signups", "0002_first_scorecard")]
    operations = [
        migrations.CreateModel(
            name="RejectedSignup",
            fields=[],
            options={
                "verbose_name": "rejected e-mail",
                "verbose_name_plural": "rejected e-mails",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("signups.signup",),
        ),
    ]
