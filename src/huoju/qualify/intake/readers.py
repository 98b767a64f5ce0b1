"""What intake does when somebody submits a form or a program posts a lead."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns.policy import hint_from
from huoju.acquire.forms.facts import FormSubmitted
from huoju.core.facts.readers import Reader, StoredFact
from huoju.qualify.cleaning.policy import Submission

from .operations import prepare, take_in_batch
from .policy import Given, Incoming

_PLACED = frozenset(
    {"name", "email", "company", "title", "company_size", "industry", "region", "country", "message"}
    | {"mobile", "phone", "external_id", "uscc", "language"}
)
"""Fields of a submission that have a place of their own; a form may ask for others."""


def take_in(facts: Sequence[StoredFact], now: datetime) -> None:
    """Every submission becomes a lead, joins one, or waits in quarantine."""
    prepared = prepare([incoming_of(fact) for fact in facts])
    take_in_batch(prepared, actor="reader:intake", source="intake", now=now)


def incoming_of(fact: StoredFact) -> Incoming:
    """A submission as intake takes it. Fields that a form added by itself go to `extra`."""
    sent: FormSubmitted = fact.data()
    data = sent.data
    hint = hint_from(sent.source, campaign_id=sent.campaign_id)
    proof = {
        "form": str(sent.form_id or ""),
        "version": str(sent.form_version or ""),
        "text": sent.consent_text,
        "page": sent.source.get("page", ""),
        "ip": sent.ip,
        "submission": str(sent.submission_id),
    }
    return Incoming(
        origin=f"submission:{sent.submission_id}",
        via=sent.via,
        at=fact.occurred_at,
        submission=Submission(
            name=data.get("name", ""),
            email=data.get("email", ""),
            company=data.get("company", ""),
            title=data.get("title", ""),
            company_size=data.get("company_size", ""),
            industry=data.get("industry", ""),
            region=data.get("region", ""),
            country=data.get("country", ""),
            message=data.get("message", ""),
            phone=data.get("mobile") or data.get("phone", ""),
            language=data.get("language") or sent.source.get("language", ""),
            product=sent.product,
            form=str(sent.form_id or ""),
            ip=sent.ip,
        ),
        utm=hint.utm,
        channel=hint.channel,
        campaign=hint.campaign,
        campaign_id=hint.campaign_id,
        page=hint.page,
        referrer=hint.referrer,
        product=sent.product,
        purpose=sent.purpose,
        visitor_id=sent.source.get("visitor_id", ""),
        uscc=data.get("uscc", ""),
        external_id=data.get("external_id", ""),
        # A box that nobody ticked is no answer: it must not take back what was said elsewhere.
        consents=tuple(
            [
                Given(purpose=purpose, granted=True, proof=proof)
                for purpose, ticked in sent.consent.items()
                if ticked
            ]
        ),
        extra={key: value for key, value in data.items() if key not in _PLACED and value},
        submission_id=sent.submission_id,
    )


INTAKE = Reader(
    name="intake",
    kinds=(FormSubmitted,),
    handle=take_in,
    label=_("Intake"),
    does=_("Cleans what came by form or API and makes leads of it; what is doubtful goes to quarantine."),
)
