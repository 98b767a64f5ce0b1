"""Merges on several connections at once, and one whose process is killed in the middle."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from huoju.core.errors import UserError
from huoju.core.facts.models import Fact
from huoju.hub.identity.models import Alias, Identifier, Merge, MergeProposal, Person
from huoju.hub.identity.operations import (
    Merged,
    NewMerge,
    PersonHint,
    decide,
    merge_batch,
    propose_batch,
    resolve_batch,
    unmerge_batch,
)
from huoju.hub.identity.policy import Method, Suggestion
from tests.hub.identity.people import NOW, email, mobile, person, persons
from tests.races import committed_log, race

pytestmark = pytest.mark.django_db(transaction=True)


def merging(*pairs: tuple[int, int]) -> Callable[[], list[Merged]]:
    """A run that merges in a transaction of its own."""

    def run() -> list[Merged]:
        with transaction.atomic():
            merges = [NewMerge(person_id=one, into_id=two) for one, two in pairs]
            return merge_batch(merges, actor="user:7", now=NOW)

    return run


def aliases() -> dict[int, int]:
    return dict(Alias.objects.values_list("person_id", "profile_id"))


def committed(count: int) -> list[int]:
    with transaction.atomic():
        return persons(count)


def test_two_merges_that_cross_make_one() -> None:
    with committed_log(NOW):
        one, two = committed(2)
        answers = race(merging((one, two)), merging((two, one)))
        assert sorted(done.made for (done,) in answers) == [False, True]
        assert Merge.objects.count() == len(aliases()) == 1
        assert Fact.objects.filter(kind="person.merged").count() == 1


def test_a_ring_of_merges_closes_nowhere() -> None:
    with committed_log(NOW):
        people = committed(6)
        pairs = list(zip(people, [*people[1:], people[0]], strict=True))
        answers = race(*[merging(pair) for pair in pairs])
        assert sorted(done.made for (done,) in answers) == [False] + [True] * 5
        assert len(aliases()) == 5
        assert len(set(aliases().values())) == 1


def test_batches_of_merges_in_opposite_order_do_not_wait_for_each_other_in_a_circle() -> None:
    with committed_log(NOW):
        people = committed(40)
        pairs = list(zip(people[::2], people[1::2], strict=True))
        race(merging(*pairs), merging(*[(two, one) for one, two in reversed(pairs)]))
        assert Merge.objects.count() == len(aliases()) == 20


def test_a_merge_and_an_unmerge_of_neighbours() -> None:
    with committed_log(NOW):
        one, two, three = committed(3)
        ((first,),) = [merging((one, two))()]

        def back() -> list[int]:
            with transaction.atomic():
                return unmerge_batch([first.merge_id or 0], actor="user:8", reason="", now=NOW)

        race(back, merging((two, three)))
        assert aliases() == {two: three}


def test_a_merge_while_an_import_resolves_the_same_people() -> None:
    with committed_log(NOW):
        with transaction.atomic():
            one, two = person(mobile(1)), person(email("li"))
        rows = [PersonHint(identifiers=(mobile(1), email("li"))), PersonHint(identifiers=(email("li"),))]

        def take() -> list[int]:
            with transaction.atomic():
                found = resolve_batch(rows, actor="test", source="test", now=NOW)
                return [each.person_id for each in found]

        _, taken, _ = race(merging((one, two)), take, take)
        assert taken == [one, two]
        assert (aliases(), Person.objects.count(), Identifier.objects.count()) == ({one: two}, 2, 2)
        assert MergeProposal.objects.count() == 1


def test_two_people_answer_one_proposal_differently() -> None:
    with committed_log(NOW):
        with transaction.atomic():
            one, two = persons(2)
            suggestion = Suggestion(one, two, 0.9)
            (id_,) = propose_batch([suggestion], method=Method.SPLINK, actor="test", source="test", now=NOW)

        def answer(same: bool) -> bool:
            try:
                decide(proposal_id=id_ or 0, same=same, actor="user:7", now=NOW)
            except UserError:
                return False
            return True

        merged, parted = race(lambda: answer(True), lambda: answer(False))
        assert merged is not parted
        row = MergeProposal.objects.get()
        assert (row.decision, len(aliases())) == (("merged", 1) if merged else ("different", 0))


_VICTIM = """
import os, signal, sys
sys.path.insert(0, {root!r})
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {database!r}
django.setup()
from huoju.hub.identity.operations import merging
merging.append = lambda *_args, **_more: os.kill(os.getpid(), signal.SIGKILL)
from tests.hub.identity.test_merging_races import merging as run
run(({one}, {two}))()
"""


@pytest.mark.kill
@pytest.mark.slow
def test_a_merge_killed_in_the_middle_has_not_happened_and_can_be_done_again() -> None:
    with committed_log(NOW):
        one, two = committed(2)
        script = _VICTIM.format(root=os.getcwd(), database=connection.settings_dict["NAME"], one=one, two=two)
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "huoju.site.settings"}
        victim = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, timeout=60, check=False
        )
        assert victim.returncode == -signal.SIGKILL, victim.stderr.decode()
        assert (aliases(), Merge.objects.count(), Fact.objects.count()) == ({}, 0, 0)
        assert merging((one, two))()[0].made
        assert aliases() == {one: two}
