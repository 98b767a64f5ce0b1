"""The funnel over the API."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope, Role

from .rows import Case, store

AT = datetime(2026, 3, 3, 4, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def headers(*scopes: ApiScope) -> dict[str, str]:
    admin = User.objects.create_user("admin", role=Role.ADMIN)
    _key, secret = create_api_key(name="test", scopes=list(scopes), actor=admin, now=timezone.now())
    return {"Authorization": f"Bearer {secret}"}


def test_the_figures_of_the_page(client: Client) -> None:
    paid = [(AT, Decimal("10.05"), "CNY")]
    store(
        [
            Case(lead_id=1, times={"lead": AT}),
            Case(
                lead_id=2,
                times={"lead": AT, "won": datetime(2026, 3, 9, 4, tzinfo=UTC)},
                stage="won",
                payments=paid,
            ),
        ]
    )
    address = "/api/v1/funnel?stages=lead,won&from=2026-03-03&to=2026-03-03&split=channel&channel=~blank"
    answer = client.get(address, headers=headers(ApiScope.REPORTS_READ))
    assert answer.status_code == 200
    told = answer.json()
    assert [(stage["stage"], stage["count"], stage["of_first"]) for stage in told["stages"]] == [
        ("lead", 2, 1.0),
        ("won", 1, 0.5),
    ]
    assert told["through"]["days"] == {
        "n": 1, "median": 6, "mean": 6, "p25": 6, "p75": 6, "p90": 6, "minimum": 6, "maximum": 6, "within_30": 1,
    }  # fmt: skip
    assert told["money"] == [
        {"currency": "CNY", "won_amount": "0", "won_deals": 0, "revenue": "10.05", "payments": 1, "paying": 1}
    ]
    assert [(part["key"], part["counts"]) for part in told["parts"]] == [("", [2, 1])]
    assert (told["split"], told["values"], told["hidden"]) == ("channel", 0, 0)


def test_a_parameter_that_makes_no_sense(client: Client) -> None:
    answer = client.get("/api/v1/funnel?view=sideways", headers=headers(ApiScope.REPORTS_READ))
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"] == "view"


def test_a_key_without_the_scope(client: Client) -> None:
    assert client.get("/api/v1/funnel", headers=headers(ApiScope.LEADS_READ)).status_code == 403
    assert client.get("/api/v1/funnel").status_code == 401
