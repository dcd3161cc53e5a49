"""The answer to the one question a neutral welcome mail asks: do you write code?

The answer is a fact about the person, kept with its time, and changeable: whoever clicked the wrong link takes it back.
"""

from __future__ import annotations

from django.utils import timezone

from signups.mails import developer
from signups.models import Person, Signup
from signups.transactions import write_transaction

ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "undo": None}


def answer(signup: Signup, said: bool | None) -> bool:
    """Keep what they said (None: taken back) and judge their signups by it; says whether it was anything new."""
    with write_transaction():
        theirs = Signup.objects.filter(person_id=signup.person_id).order_by("pk")
        list(theirs.select_for_update(no_key=True))  # before the person, as everywhere
        person = Person.objects.select_for_update().get(pk=signup.person_id)
        if person.said_developer == said:
            return False
        person.said_developer = said
        person.said_developer_at = None if said is None else timezone.now()
        person.save(update_fields=["said_developer", "said_developer_at", "updated_at"])
        for one in theirs:
            developer.update(one)
    return True
