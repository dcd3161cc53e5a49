"""Signups from before there were keys get theirs, so that whoever comes back is known from the first day."""

from django.db import migrations, transaction

from signups.vetting import InvalidAddress, parse, velocity

FIELDS = ("canonical_key", "email_domain", "ip_network")


def give_keys(apps, schema_editor, chunk=2000):
    """Idempotent, in chunks that each stand alone: interrupted, it goes on where it was."""
    Signup = apps.get_model("signups", "Signup")
    table = schema_editor.quote_name(Signup._meta.db_table)
    update = f"UPDATE {table} SET {', '.join(f'{field} = %s' for field in FIELDS)} WHERE id = %s"  # noqa: S608  our own names
    rows = Signup.objects.filter(canonical_key="").order_by("pk").values_list("pk", "email", "ip")
    last = 0
    while some := list(rows.filter(pk__gt=last)[:chunk]):
        last = some[-1][0]
        keys = ((keys_of(email, ip), pk) for pk, email, ip in some)
        connection = schema_editor.connection
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.executemany(update, [(*(found[field] for field in FIELDS), pk) for found, pk in keys if found])


def keys_of(email, ip):
    """None for an address that was taken once and is none by today's rules: it cannot come back."""
    try:
        return velocity.keys(parse(email), ip)
    except InvalidAddress:
        return None


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signups", "0008_kinds_of_address")]
    operations = [migrations.RunPython(give_keys, migrations.RunPython.noop)]
