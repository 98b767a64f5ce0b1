"""Leads and people for the tests of sales."""

from datetime import UTC, datetime
from itertools import count

from django.db import transaction

from huoju.core.access.models import Team, User
from huoju.hub.identity.models import Person
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import By, Stage

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
_numbers = count(1)


def person_of_role(role: str, name: str = "", team: Team | None = None) -> User:
    """A user; the name is unique."""
    name = name or f"{role}{next(_numbers)}"
    return User.objects.create_user(username=name, name=name, role=role, team=team, language="en")


def lead_at(stage: Stage, owner: User | None = None) -> Lead:
    """A lead of a new person in `stage`, owned by `owner`."""
    number = next(_numbers)
    person = Person.objects.create(name=f"张{number}", mobile=f"+86138{number:08}", created_at=NOW)
    with transaction.atomic():
        interest = leads.NewInterest(
            origin=f"test:{number}", person_id=person.pk, via="hand", at=NOW, region="44"
        )
        (captured,) = leads.capture_batch([interest], actor="system", source="test", now=NOW)
        lead_id = captured.lead_id
        if owner is not None:
            leads.assign_batch(
                [leads.Assignment(lead_id=lead_id, owner_id=owner.pk)], actor="system", now=NOW, source="test"
            )
        if stage is not Stage.LEAD:
            step = leads.Move(lead_id=lead_id, to=stage)
            leads.advance_batch([step], mover=By.HISTORY, actor="system", now=NOW, source="test")
    return Lead.objects.get(pk=lead_id)
