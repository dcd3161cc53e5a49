from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signups', '0016_company_before'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='tell_due_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('tell_due_at__isnull', False)), fields=['tell_due_at'], name='companies_to_tell'),
        ),
    ]
