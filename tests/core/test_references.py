from datetime import UTC, datetime

import pytest

from huoju.core.references import unreferenced
from huoju.hub.companies.models import Company, CompanyDomain
from huoju.hub.identity.models import Person
from tests.races import count_queries

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_rows_on_which_others_stand_are_left_out() -> None:
    free, used, with_part = (Company.objects.create(name=n, key=n, created_at=NOW).pk for n in "abc")
    Person.objects.create(company_id=used, created_at=NOW)
    CompanyDomain.objects.create(company_id=with_part, domain="c.cn", source="test", created_at=NOW)
    assert unreferenced(Company, [with_part, used, free]) == [
        free,
        with_part,
    ]  # a domain is a part of its company
    assert unreferenced(Company, []) == []
    assert count_queries(lambda: unreferenced(Company, [free, used])) == 1
