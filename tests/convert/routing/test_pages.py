"""The pages of routing and of the MQL criteria, and the explanations on a lead's page."""

import pytest
from django.test import Client

from huoju.convert.routing import operations
from huoju.convert.routing.models import SalesSeat
from huoju.convert.routing.policy import Assign
from huoju.convert.routing.queries import RULES
from huoju.convert.routing.readers import ROUTING
from huoju.core.facts import delivery
from huoju.qualify.recognition import policy as mql
from huoju.qualify.recognition.queries import RULES as MQL
from huoju.qualify.recognition.readers import recognition_reader
from tests.qualify.factory import NOW, make_lead, make_user
from tests.qualify.scoring.test_pages import fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("王", role="admin", language="en"))
    return client


def test_a_seat_is_made_and_changed(admin: Client) -> None:
    assert "Nobody receives leads yet" in admin.get("/routing/seats/").content.decode()
    user = make_user("李")
    data = {"user": user.pk, "regions": ["11", "12"], "products": "数据湖， BI", "capacity": 20, "weight": 2}
    assert admin.post("/routing/seats/new/", data).status_code == 303
    seat = SalesSeat.objects.get(user=user)
    assert (seat.regions, seat.products) == (["11", "12"], ["BI", "数据湖"])
    assert (seat.capacity, seat.weight, seat.away) == (20, 2, False)
    page = admin.get("/routing/seats/").content.decode()
    assert "Beijing" in page
    assert "0 / 20" in page
    change = {"regions": [], "products": "", "capacity": 5, "weight": 1, "away": "on"}
    assert admin.post(f"/routing/seats/{user.pk}/", change).status_code == 303
    seat.refresh_from_db()
    assert (seat.regions, seat.capacity, seat.away) == ([], 5, True)
    assert admin.post("/routing/seats/new/", {**data, "capacity": -1}).status_code == 422
    assert admin.get("/routing/seats/0/").status_code == 404


def test_a_sales_manager_keeps_the_seats_but_not_the_rules(client: Client) -> None:
    client.force_login(make_user("经理", role="sales_manager"))
    assert client.get("/routing/seats/").status_code == 200
    assert client.get("/routing/rules/").status_code == 403


def test_routing_rules_are_edited_as_a_form(admin: Client) -> None:
    user = make_user("李")
    operations.save_seat(
        user_id=user.pk, regions=(), products=(), capacity=9, weight=1, away=False, actor="user:1", now=NOW
    )
    data = fields(admin.get("/routing/rules/edit/").content)
    data = fields(admin.post("/routing/rules/edit/", {**data, "do": "add:rules"}).content)
    data |= {"rules.3.label": ["Large"], "rules.3.assign": ["pool"], "rules.3.reps": [str(user.pk)]}
    answer = admin.post("/routing/rules/edit/", {**data, "do": "preview"})
    assert "No lead became an MQL in the last 180 days." in answer.content.decode()
    assert admin.post("/routing/rules/edit/", {**data, "do": "save"}).status_code == 303
    rules = RULES.get(2).rules
    assert [rule.assign for rule in rules] == [Assign.OWNER, Assign.REGION, Assign.POOL, Assign.POOL]
    assert (rules[3].code, rules[3].label, rules[3].reps) == ("rules_1", "Large", (user.pk,))
    assert [rule.label for rule in rules[:3]] == [
        "Stays with its owner", "By region, in turn", "Everybody in turn",
    ]  # fmt: skip


def test_the_editor_of_the_criteria_reads_back_what_it_shows(admin: Client) -> None:
    data = fields(admin.get("/rules/mql/edit/").content)
    assert admin.post("/rules/mql/edit/", {**data, "do": "save"}).status_code == 303
    assert MQL.get(2).rules == mql.DEFAULT_RULES.rules


def test_criteria_are_tried_on_history(admin: Client) -> None:
    make_lead(company="好公司", title="数据部经理", mobile="+8613800000001", won_at=NOW)
    delivery.drain([recognition_reader()], horizon="own")
    data = fields(admin.get("/rules/mql/edit/").content)
    codes = [data[f"rules.1.criteria.{n}.code"] for n in range(7)]
    data = fields(
        admin.post(
            "/rules/mql/edit/", {**data, "do": f"remove:rules.1.criteria.{codes.index(['size'])}"}
        ).content
    )
    html = admin.post("/rules/mql/edit/", {**data, "do": "preview"}).content.decode()
    assert "1 more MQLs; 1 of those were won in the end." in html
    assert "0 fewer MQLs" in html


def test_the_leads_page_says_why(admin: Client) -> None:
    user = make_user("李")
    operations.save_seat(
        user_id=user.pk, regions=(), products=(), capacity=9, weight=1, away=False, actor="user:1", now=NOW
    )
    known = make_lead(company="好公司", title="CTO", size="500-999", mobile="+8613800000001", purpose="trial")
    delivery.drain([recognition_reader(), ROUTING], horizon="own")
    html = admin.get(f"/leads/{known.lead.pk}/").content.decode()
    assert "Why this score" in html
    assert "Asked for a demo or trial" in html
    assert "Why this owner" in html
    assert "Everybody in turn" in html
    assert "MQL criteria v1" in html


def test_telemarketing_recognises_a_lead_with_one_key_and_sales_cannot(client: Client) -> None:
    known = make_lead(company=None, title="")
    delivery.drain([recognition_reader()], horizon="own")
    url = f"/rules/mql/mark/{known.lead.pk}/"
    client.force_login(make_user("销", role="sales"))
    assert client.post(url).status_code == 403
    client.force_login(make_user("电", role="telemarketing", language="en"))
    page = client.get(f"/leads/{known.lead.pk}/").content.decode()
    assert "Missing for an MQL:" in page
    assert "Mark as MQL" in page
    assert client.post(url).status_code == 303
    known.lead.refresh_from_db()
    assert known.lead.stage == "mql"
    assert "Mark as MQL" not in client.get(f"/leads/{known.lead.pk}/").content.decode()
    assert client.post("/rules/mql/mark/0/").status_code == 404
