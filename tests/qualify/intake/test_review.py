import pytest

from huoju.core.access.models import User
from huoju.core.facts.models import Fact
from huoju.hub.consent.models import Consent
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.intake.operations import AlreadyDecidedError, confirm, release
from huoju.qualify.intake.policy import Given
from huoju.qualify.intake.stored import candidate_as_json, candidate_from_json
from huoju.qualify.leads.models import Lead, Touch
from huoju.qualify.leads.policy import Stage

from .given import NOW, incoming, li_na, take


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(username="sun")


@pytest.fixture
def held(db: None) -> Quarantined:
    given = Given(purpose="marketing", granted=True, proof={"text": "好"})
    take(
        incoming(
            "submission:1", name="测试", phone="13651087243", channel="", page="https://example.com/trial",
            consents=(given,), submission_id=1, extra={"budget": "1"},
        )
    )  # fmt: skip
    return Quarantined.objects.get()


def test_what_is_kept_comes_back_whole() -> None:
    rich = li_na(
        "import:1/1", external_id="crm:1", reached={Stage.MQL: NOW}, outcome=Stage.LOST, reason="price",
        utm={"utm_source": "baidu"}, owner_id=3, extra={"a": "b"}, message="一\n二",
        consents=(Given(purpose="marketing", granted=False, proof={"text": "x"}),),
    )  # fmt: skip
    assert candidate_from_json(candidate_as_json(rich)) == rich


@pytest.mark.django_db
class TestRelease:
    def test_makes_a_lead_that_keeps_the_reasons(self, held: Quarantined, user: User) -> None:
        lead_id = release(quarantined_id=held.pk, user=user, now=NOW)
        lead = Lead.objects.select_related("person").get()
        held.refresh_from_db()
        assert (lead.pk, held.lead_id, held.decision, held.decided_by_id, held.decided_at) == (
            *(lead_id, lead_id, "released", user.pk, NOW),
        )
        assert lead.person.mobile == "+8613651087243"
        assert "test_submission" in lead.warnings
        assert (lead.landing_page, lead.extra) == ("https://example.com/trial", {"budget": "1"})
        assert Touch.objects.get().origin == "submission:1"
        assert Consent.objects.count() == 2
        released = Fact.objects.get(kind="lead.released")
        assert (released.actor, released.person_id, released.payload["lead_id"]) == (
            *(f"user:{user.pk}", lead.person_id, lead_id),
        )

    def test_may_join_an_open_lead(self, held: Quarantined, user: User) -> None:
        (known,) = take(li_na("submission:2"))
        assert release(quarantined_id=held.pk, user=user, now=NOW) == known.lead_id
        assert Touch.objects.count() == 2

    def test_even_without_a_way_to_reach_anybody(self, user: User) -> None:
        take(incoming("submission:9", name="李娜", message="你好"))
        release(quarantined_id=Quarantined.objects.get().pk, user=user, now=NOW)
        assert Lead.objects.select_related("person").get().person.name == "李娜"

    def test_is_decided_once(self, held: Quarantined, user: User) -> None:
        confirm(quarantined_id=held.pk, user=user, now=NOW)
        held.refresh_from_db()
        assert (held.decision, held.lead_id) == ("confirmed", None)
        assert Fact.objects.filter(kind="lead.quarantine_confirmed").count() == 1
        with pytest.raises(AlreadyDecidedError):
            release(quarantined_id=held.pk, user=user, now=NOW)
        with pytest.raises(AlreadyDecidedError):
            confirm(quarantined_id=held.pk, user=user, now=NOW)
        assert not Lead.objects.exists()
