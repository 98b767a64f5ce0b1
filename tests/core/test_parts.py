"""Parts of a row go with it, as with a foreign key that cascades, and as one set."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from huoju.hub.identity.models import Identifier, Person

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_parts_go_with_their_whole_and_others_stay() -> None:
    persons = [Person.objects.create(created_at=NOW) for _ in range(3)]
    for person in persons:
        Identifier.objects.create(
            person=person,
            kind="mobile",
            value=f"+86{person.pk}",
            source="test",
            first_seen=NOW,
            last_seen=NOW,
        )
    Person.objects.filter(pk__in=[persons[0].pk, persons[1].pk]).delete()
    assert list(Identifier.objects.values_list("person_id", flat=True)) == [persons[2].pk]


@pytest.mark.django_db
def test_every_reference_that_the_database_does_not_check_has_its_trigger() -> None:
    """Tables written in masses; a part added later without its trigger would stay behind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%_goes' ORDER BY 2"
        )
        triggers = cursor.fetchall()
    assert triggers == [
        ("identity_person", "identity_identifier_goes"),
        ("leads_lead", "leads_stagechange_goes"),
        ("leads_lead", "leads_touch_goes"),
        ("leads_lead", "scoring_leadscore_goes"),
    ]
