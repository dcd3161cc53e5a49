"""Signups from before there were edges become the owners of the browsers they came from."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

from signups.models.action import is_forbidden_id

CHUNK = 1000


def join_known_visitors(apps, schema_editor):
    """One edge for each anonymous id: of several signups the oldest that is not rejected, else the oldest. Idempotent."""
    Signup = apps.get_model("signups", "Signup")
    IdentityLink = apps.get_model("signups", "IdentityLink")
    with_id = Signup.objects.exclude(anonymous_id="").order_by("pk").values_list("pk", "anonymous_id")
    for signups in (with_id.exclude(verdict="rejected"), with_id.filter(verdict="rejected")):
        last = 0
        while chunk := list(signups.filter(pk__gt=last)[:CHUNK]):
            last = chunk[-1][0]
            edges = [
                IdentityLink(signup_id=key, anonymous_id=anonymous_id.strip(), reason="signed_up")
                for key, anonymous_id in chunk
                if anonymous_id.strip() and not is_forbidden_id(anonymous_id)
            ]
            IdentityLink.objects.bulk_create(edges, ignore_conflicts=True)
            written = IdentityLink.objects.filter(signup__in=[key for key, _ in chunk], reason="signed_up")
            written.update(at=Subquery(Signup.objects.filter(pk=OuterRef("signup")).values("created_at")[:1]))


class Migration(migrations.Migration):
    dependencies = [("signups", "0004_the_weeks_after")]
    operations = [migrations.RunPython(join_known_visitors, migrations.RunPython.noop)]
