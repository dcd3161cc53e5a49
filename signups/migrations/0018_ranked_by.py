from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signups', '0017_company_tell_due_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='ranked_by',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name='person',
            name='ranked_by',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=32),
        ),
    ]
