"""Reads of forms and submissions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from .models import Form, FormVersion, Submission
from .policy.definition import Definition, parse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submission: `state` is `pending`, `lead`, `quarantined` or `dropped`."""

    state: str
    lead_id: int | None = None
    reasons: tuple[str, ...] = ()


PENDING = Outcome("pending")

type OutcomeFinder = Callable[[Sequence[int]], Mapping[int, Outcome]]

_outcome_finder: list[OutcomeFinder] = []


def register_outcomes(finder: OutcomeFinder) -> None:
    """Say who knows what became of submissions: the wing above, which this one does not know."""
    _outcome_finder[:] = [finder]


def outcomes(submission_ids: Sequence[int]) -> dict[int, Outcome]:
    """What became of each submission; those that nobody has taken up yet are pending."""
    known = _outcome_finder[0](submission_ids) if _outcome_finder and submission_ids else {}
    return {pk: known.get(pk, PENDING) for pk in submission_ids}


def list_forms() -> QuerySet[Form]:
    """Forms with their campaign, the number of submissions (`submissions`) and the last one's time (`last_at`)."""
    of_form = Submission.objects.filter(form=OuterRef("pk")).order_by().values("form")
    return Form.objects.select_related("campaign").annotate(
        submissions=Coalesce(Subquery(of_form.annotate(n=Count("pk")).values("n")), 0),
        last_at=Subquery(of_form.annotate(at=Max("received_at")).values("at")),
    )


def latest_version(form: Form) -> FormVersion:
    """The version that the form shows now."""
    return FormVersion.objects.filter(form=form).latest("number")


def shown_version(form: Form, number: int) -> FormVersion | None:
    """A version by its number; None if the form never had it."""
    return FormVersion.objects.filter(form=form, number=number).first()


type FormsBySlug = Mapping[str, tuple[Form, FormVersion]]


def forms_with_versions(slugs: Iterable[str]) -> FormsBySlug:
    """Published forms and the version that each shows now, by slug: two queries for all."""
    forms = {form.pk: form for form in Form.objects.filter(slug__in=list(slugs), published=True)}
    versions = FormVersion.objects.filter(form__in=forms).order_by("form_id", "-number").distinct("form_id")
    return {forms[version.form_id].slug: (forms[version.form_id], version) for version in versions}


def list_versions(form: Form) -> QuerySet[FormVersion]:
    """Every version, newest first, with who made it."""
    return FormVersion.objects.filter(form=form).select_related("created_by").order_by("-number")


def definition_of(version: FormVersion) -> Definition:
    """The typed definition of a version."""
    return parse(version.definition)


def list_submissions(form: Form | None = None) -> QuerySet[Submission]:
    """Submissions, newest first, with form and API key; of one form or of all."""
    submissions = Submission.objects.select_related("form", "api_key")
    return submissions if form is None else submissions.filter(form=form)
