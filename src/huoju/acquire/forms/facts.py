"""Facts of the forms."""

from huoju.core.facts.kinds import fact


@fact("form.submitted", personal=("data", "source", "ip", "consent"))
class FormSubmitted:
    """Somebody submitted a form, or a program posted a lead on somebody's behalf (`via` = api).

    Carries all that the readers need to make a lead of it; the row itself stays in `Submission`.
    """

    submission_id: int
    via: str
    form_id: int | None
    form_version: int | None
    purpose: str
    product: str
    campaign_id: int | None
    data: dict[str, str]
    source: dict[str, str]
    consent: dict[str, bool]
    consent_text: str
    ip: str
