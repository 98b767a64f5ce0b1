"""Merge and unmerge lose nothing: a history with merges, all of them undone, ends like the same history without any.

Histories run through what the product runs through: intake, the reader that scores and judges, activities, consent, the
rule that merges what is proven. Ids are dealt anew for each run, so that rows can be compared as they are.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from huoju.convert.workbench.models import Activity
from huoju.convert.workbench.operations import log_activity
from huoju.core.access.models import User
from huoju.core.facts.models import Fact
from huoju.core.facts.readers import Reader, StoredFact
from huoju.hub.companies.models import Company
from huoju.hub.consent.models import Consent
from huoju.hub.consent.operations import ConsentAnswer, record_batch
from huoju.hub.identity.models import Alias, Identifier, Merge, MergeProposal, Person
from huoju.hub.identity.operations import NewMerge, merge_batch, unmerge_batch
from huoju.hub.identity.policy import IdentifierKind
from huoju.hub.identity.readers import IDENTITY
from huoju.qualify.leads.models import Lead, StageChange, Touch
from huoju.qualify.recognition.readers import recognition_reader
from tests.qualify.factory import make_user
from tests.qualify.intake.given import NOW, incoming, take

COMPARED: tuple[type[models.Model], ...] = (Person, Identifier, Company, Lead, Touch, Consent, Activity)
NUMBERED: tuple[type[models.Model], ...] = (*COMPARED, StageChange, MergeProposal, Merge)
OURS = ("person.merged", "person.unmerged")
PHONES = ("13651087243", "13957160482", "13776034915", "13818345672")

type Step = tuple[str, int, int, dict[str, str]]

submissions = st.fixed_dictionaries(
    {"phone": st.sampled_from(PHONES)},
    optional={
        "name": st.sampled_from(["李娜", "王强"]),
        "email": st.sampled_from(["li@yuntu-data.cn", "wang@henglian.com", "zhao@henglian.com"]),
        "company": st.sampled_from(["北京云图数据科技有限公司", "恒联软件"]),
        "title": st.sampled_from(["CTO", "市场总监"]),
        "visitor_id": st.sampled_from(["visitor-1", "visitor-2"]),
        "verified": st.just("yes"),
    },
)
small = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), small, small, submissions),
        st.tuples(st.sampled_from(["call", "consent"]), small, small, st.just({})),
        st.tuples(st.just("merge"), small, small, st.just({})),
        st.tuples(st.just("unmerge"), small, small, st.just({})),
    ),
    min_size=4,
    max_size=14,
)


def run(history: list[Step], user: User, readers: list[Reader], *, merging: bool) -> None:
    """Live through `history`, with its merges or without."""
    read = 0
    for number, (kind, one, two, fields) in enumerate(history):
        now = NOW + timedelta(minutes=number)
        persons = list(Person.objects.order_by("pk").values_list("pk", flat=True))
        if kind == "submit":
            submit(number, fields, now)
        elif not persons:
            continue
        elif kind == "call":
            lead = Lead.objects.order_by("pk")[one % max(Lead.objects.count(), 1) :].first()
            if lead is not None:
                log_activity(
                    user=user, lead_id=lead.pk, kind="call", text="…", at=now, now=now, outcome="reached"
                )
        elif kind == "consent":
            answer = ConsentAnswer(
                person_id=persons[one % len(persons)], channel="email", purpose="marketing",
                granted=bool(two % 2), at=now,
            )  # fmt: skip
            record_batch([answer], actor="test", source="test", now=now)
        elif merging and kind == "merge":
            left, right = persons[one % len(persons)], persons[two % len(persons)]
            if left != right:
                merge_batch([NewMerge(person_id=left, into_id=right)], actor="user:7", now=now)
        elif merging and kind == "unmerge":
            in_force = list(Merge.objects.filter(undone_at=None).order_by("pk").values_list("pk", flat=True))
            if in_force:
                unmerge_batch([in_force[one % len(in_force)]], actor="user:7", reason="", now=now)
        read = deliver(readers if merging else [each for each in readers if each is not IDENTITY], read, now)


def submit(number: int, fields: dict[str, str], now: datetime) -> None:
    verified = (
        frozenset({IdentifierKind.MOBILE, IdentifierKind.EMAIL}) if "verified" in fields else frozenset()
    )
    typed = {name: value for name, value in fields.items() if name != "verified"}
    take(incoming(f"submission:{number}", at=now, verified=verified, **typed), now=now)


def deliver(readers: list[Reader], read: int, now: datetime) -> int:
    """Hand the facts since the last time to the readers, in this transaction; how many there are by now."""
    facts = list(Fact.objects.order_by("id"))
    names = StoredFact.__dataclass_fields__
    for reader in readers:
        wanted = [fact for fact in facts[read:] if fact.kind in reader.kind_names]
        if wanted:
            reader.handle(
                [StoredFact(**{name: getattr(fact, name) for name in names}) for fact in wanted], now
            )
    return len(facts)


def outcome() -> dict[str, Any]:
    """What everybody is now: every row, and the timeline without its merges."""
    found: dict[str, Any] = {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in COMPARED
    }
    moves = ("lead_id", "from_stage", "to_stage", "actor", "reason")
    found["StageChange"] = list(StageChange.objects.order_by("pk").values(*moves))
    told = Fact.objects.exclude(kind__in=OURS).order_by("person_id", "kind", "occurred_at", "id")
    columns = ("kind", "person_id", "visitor_id", "company_id", "occurred_at", "actor", "source", "payload")
    found["facts"] = list(told.values(*columns))
    return found


def deal_ids_anew() -> None:
    """Every run numbers its rows from the same beginning; sequences do not go back with a transaction."""
    with connection.cursor() as cursor:
        for model in NUMBERED:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), 500000, false)", [model._meta.db_table]
            )


class MergesLoseNothing(TestCase):
    """`hypothesis.extra.django` gives each example a transaction of its own."""

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(history=steps, seed=st.integers(0, 1000))
    def test_undone_merges_leave_no_trace(self, history: list[Step], seed: int) -> None:
        user = make_user("赵", role="admin")
        readers = [recognition_reader(), IDENTITY]
        plain = transaction.savepoint_create()
        deal_ids_anew()
        run(history, user, readers, merging=False)
        expected = outcome()
        transaction.savepoint_rollback(plain)

        deal_ids_anew()
        run(history, user, readers, merging=True)
        in_force = list(Merge.objects.filter(undone_at=None).values_list("pk", flat=True))
        Random(seed).shuffle(in_force)
        for merge_id in in_force:
            unmerge_batch([merge_id], actor="user:7", reason="", now=NOW)
        assert not Alias.objects.exists()
        assert outcome() == expected
