"""Somebody wants their data, or wants to be gone: found everywhere, done step by step, and recognised afterwards."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import ForeignKey
from django.test import Client, override_settings
from django.utils import timezone

from huoju.acquire.forms import operations as forms
from huoju.acquire.imports import operations as imports
from huoju.acquire.imports.models import Import, ImportRow
from huoju.acquire.imports.queries import open_file
from huoju.acquire.imports.registry import get_target
from huoju.convert.deals.facts import OpportunityOpened
from huoju.convert.deals.models import Opportunity, Payment, Poc
from huoju.convert.workbench.facts import ActivityLogged
from huoju.convert.workbench.models import Activity
from huoju.core.access.models import SavedView, User
from huoju.core.errors import UserError
from huoju.core.facts import delivery, readers
from huoju.core.facts.kinds import kind_named
from huoju.core.facts.models import Fact
from huoju.core.facts.operations import NewFact, append
from huoju.core.lake import operations as lake
from huoju.core.lake.models import File
from huoju.hub.consent import queries as consent
from huoju.hub.consent import signing
from huoju.hub.consent.models import Letter, Suppression, SuppressionList
from huoju.hub.consent.policy import Channel, Purpose, Reason
from huoju.hub.identity.models import Identifier, Person
from huoju.hub.privacy import jobs, operations, queries, registry
from huoju.hub.privacy.models import DataRequest
from huoju.hub.privacy.registry import Erased
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.leads.models import Lead

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRETS = ("li.na@firm-a.cn", "13800138456", "李娜", "想了解数仓", "203.0.113.7")
TYPED = ("Li.Na@", "138 0013 8456", "138-0013-8456")
pytestmark = pytest.mark.django_db


def send_form() -> Person:
    """A form, through intake to a lead: traces in submissions, facts, identity, consent, leads, search."""
    forms.submit(
        forms.NewSubmission(
            via="api",
            key="k1",
            data={"name": "李娜", "email": "li.na@firm-a.cn", "mobile": "13800138456", "company": "上海甲科技有限公司",
                  "title": "数据总监", "message": "想了解数仓"},
            source={"page": "https://x.cn/?who=李娜"},
            consent={"marketing": True, "privacy": False},
            consent_text="同意",
            ip="203.0.113.7",
        ),
        actor="visitor",
        source="forms",
        now=timezone.now(),
    )  # fmt: skip
    known = [reader for reader in readers.all_readers() if reader.name in ("intake", "search", "profile")]
    delivery.drain(known, horizon="own")
    return Person.objects.get(email="li.na@firm-a.cn")


def sell_to(person: Person) -> None:
    """A sales person types the name and the addresses wherever text can be typed; an import changed the person."""
    lead = Lead.objects.get(person=person)
    Lead.objects.filter(pk=lead.pk).update(
        stage="disqualified", stage_reason="李娜 moved", warnings=[{"code": "x", "detail": "李娜"}]
    )
    Activity.objects.create(
        lead=lead, kind="call", text="李娜 138 0013 8456", at=NOW, by=User.objects.create(username="sales")
    )
    deal = Opportunity.objects.create(
        lead=lead,
        company_id=lead.company_id,
        name="李娜的项目",
        opened_at=NOW,
    )
    Poc.objects.create(opportunity=deal, criteria="李娜 signs", failure_reason="slow", started_at=NOW)
    Payment.objects.create(opportunity=deal, amount=10, paid_at=NOW, note="paid by 李娜, +86-138-0013-8456")
    for state in ("done", "failed"):
        batch = Import.objects.create(
            target="leads", file=ContentFile("姓名\n李娜\n".encode(), "李娜.csv"), file_name="fair.csv", file_size=1,
            columns=[{"name": "姓名", "title": "姓名"}], state=state, actor="user:1", created_at=NOW,
        )  # fmt: skip
        ImportRow.objects.create(batch=batch, row_no=1, outcome="created", refs={"person": person.pk})
    ImportRow.objects.create(
        batch=batch, row_no=2, outcome="updated", refs={"person": person.pk}, before={"name": "李娜"},
        reasons=[["x", "email", {"value": "li.na@firm-a.cn"}]],
    )  # fmt: skip
    told: list[object] = [
        OpportunityOpened(lead_id=lead.pk, opportunity_id=deal.pk, name="李娜的项目"),
        ActivityLogged(lead_id=lead.pk, activity_id=1, kind="call", outcome="", text="李娜 13800138456"),
    ]
    facts = [NewFact(payload=each, person_id=person.pk, occurred_at=NOW) for each in told]
    append(facts, actor="user:1", source="user:1", now=NOW)


FAIR = """姓名,手机,备注
张三,13900139000,老客户
李娜,138 0013 8456,想了解
王五,13700137000,mail Li.Na@firm-a.cn
赵六,13600136000,好
"""


def leave_traces(person: Person) -> Import:
    """Where nobody knows whose it is: a file that waits, rows that were rejected or held back, a form that became no
    lead, a view with a search, a job, a list, a copy of their data. Returns the import that may go on."""
    said = {"name": "L. Na", "email": "LI.NA@firm-a.cn", "message": "想了解数仓"}
    forms.submit(
        forms.NewSubmission(
            via="api", key="k2", data=said, source={}, consent={}, consent_text="", ip="203.0.113.7"
        ),
        actor="visitor", source="forms", now=timezone.now(),
    )  # fmt: skip
    Quarantined.objects.create(
        origin="import:9/1", verdict="drop", reasons=[], candidate={"mobile": "+8613800138456"},
        rules_version=1, received_at=NOW,
    )  # fmt: skip
    for state, text in (
        ("done", "邮箱\nli.na@firm-a.cn\n"),
        ("mapped", FAIR),
        ("uploaded", "手机\n13900139000\n"),
    ):
        batch = imports.create_import(
            target=get_target("leads"), content=[text.encode()], file_name="fair.csv", actor="user:1", now=NOW
        )  # fmt: skip
        Import.objects.filter(pk=batch.pk).update(state=state)
        if state == "done":
            reasons = [["bad", "email", {"value": "li.na@firm-a.cn"}]]
            ImportRow.objects.create(batch=batch, row_no=2, outcome="rejected", reasons=reasons)
    user = User.objects.create(username="m", role="marketing")
    query = "q=li.na%40firm-a.cn&also=li.na@firm-a.cn"
    SavedView.objects.create(user=user, list_code="leads.leads", name="x", query=query)
    jobs.work_on.defer(request_id=0)
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE procrastinate_jobs SET args = args || \'{"to": "li.na@firm-a.cn", "n": 13800138456}\''
        )
    block = SuppressionList.objects.create(name="block", kind="block", created_at=NOW)
    for kind, value in (
        ("email", "li.na@firm-a.cn"),
        ("email", "na@firm-a.cn"),
        ("mobile", "+8613800138456"),
    ):
        Suppression.objects.create(list=block, kind=kind, value=value, source="upload", added_at=NOW)
    copy = operations.register_request(
        person_id=person.pk, kind="access", source="staff", user_id=None, now=NOW
    )
    DataRequest.objects.filter(pk=copy.pk).update(state="running", persons=[person.pk], note="李娜 wrote")
    jobs.work_on(request_id=copy.pk)
    return Import.objects.get(state="mapped")


def in_files(place: Path) -> list[str]:
    """The uploaded and made files that name them."""
    found = []
    for path in place.rglob("*"):
        if path.is_file():
            parts = [path.read_bytes()]
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    parts = [archive.read(name) for name in archive.namelist()]
            text = " ".join(part.decode("utf-8", "replace") for part in parts)
            found += [f"{path}: {secret}" for secret in (*SECRETS, *TYPED) if secret in text]
    return found


def everything() -> str:
    """All rows of all tables as one text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for name in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM \"{name}\" t")
            (text,) = cursor.fetchone() or ("",)
            found += [f"{name}: {text[:300]}" for secret in (*SECRETS, *TYPED) if secret in text]
    return "\n".join(found)


def in_the_lake(place: Path) -> str:
    """What the files of the lake say, those that are still read."""
    live = File.objects.filter(dropped=None).values_list("path", flat=True)
    return " ".join(str(parquet.read_table(place / path).to_pylist()) for path in live)


def test_the_lake_forgets_what_a_form_said(
    admin: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "LAKE_URL", str(tmp_path))
    person = send_form()
    sell_to(person)
    lake.flow(now=NOW, horizon="own")
    Opportunity.objects.update(competitor="who? ask Li.Na@firm-a.cn")
    lake.flow(now=NOW, horizon="own")
    Opportunity.objects.update(competitor="")  # what was written over lies in a file all the same
    lake.flow(now=NOW, horizon="own")
    assert "Li.Na@firm-a.cn" in in_the_lake(tmp_path)
    assert "想了解数仓" in in_the_lake(tmp_path)
    assert "李娜的项目" in in_the_lake(tmp_path)
    request = operations.register_request(
        person_id=person.pk, kind="erasure", source="staff", user_id=admin.pk, now=NOW
    )
    operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
    jobs.work_on(request_id=request.pk)
    lake.flow(now=NOW, horizon="own")
    said = in_the_lake(tmp_path)
    assert [secret for secret in (*SECRETS, *TYPED) if secret in said] == []


@pytest.fixture
def admin() -> User:
    return User.objects.create(username="admin", role="admin")


def test_erased_everywhere_with_a_certificate_and_recognised_when_they_come_back(admin: User) -> None:
    person = send_form()
    sell_to(person)
    Opportunity.objects.update(competitor="who? ask Li.Na@firm-a.cn")
    assert everything()
    request = operations.register_request(
        person_id=person.pk, kind="erasure", source="staff", user_id=admin.pk, now=NOW
    )
    operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
    jobs.work_on(request_id=request.pk)
    request.refresh_from_db()
    assert (request.state, request.address) == ("done", "")
    assert request.steps["suppressed"]["kept"] == 2
    assert request.steps["submissions"] == {"erased": 1, "kept": 0, "ground": ""}
    assert request.steps["identifiers"]["erased"] == 2
    assert everything() == ""
    assert Lead.objects.filter(person=person).count() == 1  # the figures stay
    deal, trial, payment = Opportunity.objects.get(), Poc.objects.get(), Payment.objects.get()
    assert deal.company is not None
    assert (deal.name, deal.competitor, payment.note) == (deal.company.name, "", "")
    assert (trial.criteria, trial.failure_reason) == ("", "slow")  # what names nobody stays
    steps = {code: (done["erased"], done["kept"]) for code, done in request.steps.items()}
    assert (steps["opportunities"], steps["trials"], steps["payments"]) == ((1, 1), (1, 1), (1, 1))
    assert all(request.steps[code]["ground"] for code in ("opportunities", "facts"))
    assert (steps["import_rows"], steps["import_files"]) == (
        (3, 0),
        (2, 0),
    )  # one deleted, one that may go on rewritten
    assert [each.has_file for each in Import.objects.order_by("state")] == [False, True]
    for fact in Fact.objects.all():  # and the log still reads
        kind = kind_named(fact.kind)
        assert kind is not None
        kind.decode(fact.payload, fact.version)
    assert Fact.objects.filter(kind="person.erased", person_id=person.pk).count() == 1
    client = Client()
    client.force_login(admin)
    gone = client.get(f"/imports/{Import.objects.get(state='done').pk}/rejected.csv", follow=True)
    assert "上传的文件已删除" in gone.content.decode()
    again = Person.objects.create(
        email="li.na@firm-a.cn", mobile="+8613800138456", country="CN", created_at=NOW
    )
    for channel in (Channel.EMAIL, Channel.SMS, Channel.PHONE):
        assert consent.may_contact(again.pk, channel, Purpose.SERVICE, timezone.now()).reason is Reason.ERASED


def test_what_became_nobodys_is_found_by_addresses_and_numbers(admin: User, tmp_path: Path) -> None:
    with override_settings(MEDIA_ROOT=tmp_path):
        person = send_form()
        waiting = leave_traces(person)
        assert in_files(tmp_path)
        uncertain = Quarantined.objects.create(
            origin="import:9/2", verdict="drop", reasons=[], rules_version=1, received_at=NOW,
            candidate={"name": "李娜", "company": "上海甲科技有限公司", "mobile": "+8613900139111"},
        )  # fmt: skip
        (found,) = queries.find_alike([person.pk])
        assert found.url == f"/quarantine/{uncertain.pk}/"
        uncertain.delete()
        with zipfile.ZipFile(DataRequest.objects.get().file.open("rb")) as archive:
            copied = json.loads(archive.read("data.json"))
        assert [row["row"] for row in copied["import_files"]] == [2, 3, 4]
        assert [row["value"] for row in copied["remains"] if row["table"] == "consent_suppression"] == [
            "li.na@firm-a.cn", "+8613800138456",
        ]  # fmt: skip
        assert len(copied["submissions"]) == 2
        request = operations.register_request(
            person_id=person.pk, kind="erasure", source="staff", user_id=admin.pk, now=NOW
        )
        operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
        jobs.work_on(request_id=request.pk)
        request.refresh_from_db()
        assert request.state == "done"
        assert everything() == ""
        assert in_files(tmp_path) == []
        steps = request.steps
        assert steps["import_files"]["where"] == {"deleted": 1, "rewritten": 1}
        assert (steps["submissions"]["erased"], steps["quarantine"]["erased"]) == (2, 1)
        places = {"access_savedview", "procrastinate_jobs", "consent_suppression"}
        assert places <= set(steps["remains"]["where"])
        # What others are is as it was: rows at their places, an address that ends like hers, a job that can run.
        waiting.refresh_from_db()
        with open_file(waiting) as table:
            assert list(table.rows()) == [
                (2, ["张三", "13900139000", "老客户"], None), (5, ["赵六", "13600136000", "好"], None),
            ]  # fmt: skip
            assert table.names == ["姓名", "手机", "备注"]
        assert list(Suppression.objects.filter(list__name="block").values_list("value", flat=True)) == [
            "na@firm-a.cn"
        ]
        with connection.cursor() as cursor:
            cursor.execute("SELECT args FROM procrastinate_jobs WHERE args ? 'to'")
            assert [json.loads(args) for (args,) in cursor.fetchall()] == [
                {"request_id": 0, "to": "", "n": None}
            ]


def test_work_that_was_cut_off_goes_on_behind_the_last_step(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = send_form()
    request = operations.register_request(
        person_id=person.pk, kind="erasure", source="staff", user_id=None, now=NOW
    )
    operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
    holder = registry._holders["consents"]

    def killed(_persons: object) -> Erased:
        raise RuntimeError("killed")

    broken = registry.Holder(
        code=holder.code,
        label="",
        order=holder.order,
        tables=(),
        find=holder.find,
        export=holder.export,
        erase=killed,
    )
    monkeypatch.setitem(registry._holders, "consents", broken)
    with pytest.raises(RuntimeError, match="killed"):
        jobs.work_on(request_id=request.pk)
    request.refresh_from_db()
    assert request.state == "running"
    assert "facts" in request.steps
    assert "consents" not in request.steps
    before = dict(request.steps)
    monkeypatch.setitem(registry._holders, "consents", holder)
    jobs.work_on(request_id=request.pk)
    request.refresh_from_db()
    assert request.state == "done"
    assert {code: request.steps[code] for code in before} == before
    assert everything() == ""


def test_a_copy_holds_what_is_held(admin: User, tmp_path: Path) -> None:
    person = send_form()
    request = operations.register_request(
        person_id=person.pk, kind="access", source="staff", user_id=None, now=NOW
    )
    found = {code: count for code, _label, count in queries.find_everywhere([person.pk]) if count}
    operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
    with override_settings(MEDIA_ROOT=tmp_path):
        jobs.work_on(request_id=request.pk)
        request.refresh_from_db()
        packed = request.file.read()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        data = json.loads(archive.read("data.json"))
        page = archive.read("data.html").decode()
    assert {code: len(rows) for code, rows in data.items()} == found
    assert data["person"][0]["email"] == "li.na@firm-a.cn"
    assert data["submissions"][0]["data"]["message"] == "想了解数仓"
    assert all(secret in page for secret in SECRETS[:4])


def test_every_table_that_points_to_persons_has_a_holder() -> None:
    held = {table for holder in registry.all_holders() for table in holder.tables}
    derived = {"identity_alias", "segments_membership", "segments_listentry", "segments_due"}  # ids only
    pointing = {
        model._meta.db_table
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is Person
    }
    assert pointing - held - derived == set()


def test_a_request_from_the_preference_page_is_confirmed_by_mail(client: Client) -> None:
    person = Person.objects.create(email="li@firm.cn", language="zh", created_at=NOW)
    page = signing.preferences_url(person.pk).removeprefix(settings.PUBLIC_URL)
    for _ in range(2):
        client.post(page, {"request": "erasure"})
    request, letter = DataRequest.objects.get(), Letter.objects.get()
    assert (request.state, request.kind) == ("unconfirmed", "erasure")
    link = letter.context["url"].removeprefix(settings.PUBLIC_URL)
    assert client.get(link).status_code == 200
    assert DataRequest.objects.get().state == "unconfirmed"
    assert [client.post(link).status_code for _ in range(2)] == [200, 200]
    request.refresh_from_db()
    assert request.state == "open"
    assert request.due_at > timezone.now() + timedelta(days=29)
    assert client.post(link[:-3] + "/").status_code == 404
    assert Fact.objects.filter(kind="privacy.requested").count() == 1


def test_four_eyes_and_refusals(admin: User) -> None:
    person = Person.objects.create(email="li@firm.cn", created_at=NOW)
    request = operations.register_request(
        person_id=person.pk, kind="erasure", source="staff", user_id=admin.pk, now=NOW
    )
    with override_settings(TWO_PERSON_ERASURE=True), pytest.raises(UserError):
        operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
    with pytest.raises(UserError):
        operations.refuse(request_id=request.pk, user_id=admin.pk, note=" ", now=NOW)
    operations.refuse(request_id=request.pk, user_id=admin.pk, note="not theirs", now=NOW)
    with pytest.raises(UserError):
        operations.approve(request_id=request.pk, user_id=admin.pk, now=NOW)
    assert not operations.work(request.pk, now=NOW)


def test_the_log_stays_shut_for_everybody_else() -> None:
    person = send_form()
    with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE facts_fact SET payload = '{}' WHERE person_id = %s", [person.pk])
    assert Identifier.objects.filter(person=person).count() == 2


def test_the_pages_of_a_request(client: Client, admin: User) -> None:
    client.force_login(admin)
    person = send_form()
    assert client.get("/privacy/").status_code == 200
    assert client.post("/privacy/new/", {"person": 10**9, "kind": "erasure", "note": "x"}).status_code == 422
    made = client.post("/privacy/new/", {"person": person.pk, "kind": "erasure", "note": "by letter"})
    url = made["Location"]
    assert "li.na" not in client.get("/privacy/").content.decode()
    assert client.get(url).status_code == 200
    assert client.post(f"{url}approve/").status_code == 303
    jobs.work_on(request_id=DataRequest.objects.get().pk)
    assert client.get(url).status_code == 200
    certificate = client.get(f"{url}certificate/")
    assert json.loads(certificate.content)["steps"]["person"]["erased"] == 1
    client.force_login(User.objects.create(username="sales", role="sales"))
    assert client.get(url).status_code == 403
