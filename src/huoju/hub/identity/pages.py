"""Who is one person: the review queue, a merge of any two, and what was merged before."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui.formats import percent
from huoju.core.ui.home import CardContent
from huoju.core.ui.inbox import inbox_of
from huoju.core.ui.links import link_of
from huoju.core.ui.listing import Empty, ListPage, Sort, list_changed
from huoju.core.ui.parts import Case
from huoju.core.ui.respond import redirect_to, respond, toast, trigger

from . import operations, queries
from .comparison import Comparison, compare, told_evidence
from .forms import FindForm, MergeForm
from .models import Merge, MergeProposal, Person
from .policy import METHOD_LABELS, Evidence, Method
from .tables import MergeTable

QUEUE = 100
ANSWERS = ("same", "different", "later", "reopen")


@requires(Action.MERGE_PEOPLE)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue: the most probable first, what was put aside behind it."""
    waiting = queries.list_queue(QUEUE)
    cases = [
        Case(
            pk=row.pk,
            title=" = ".join(each.name or f"#{each.pk}" for each in (row.left, row.right)),
            text=_(METHOD_LABELS[Method(row.method)]),
            url=reverse("identity:case", args=[row.pk]),
            at=row.proposed_at,
            badge=percent(row.score, 0),
            tone="success" if row.score >= 0.95 else "info" if row.score >= 0.8 else "",
        )
        for row in waiting
    ]
    context: dict[str, Any] = {
        "title": _("Merge review"),
        "subtitle": _("Records that may be one human being. Every merge can be undone, and loses nothing."),
        **inbox_of(
            cases,
            panel="identity/_case.html",
            opened=lambda: _case(request, waiting[0]),
            empty=Empty(
                title=_("Nothing to decide"),
                text=_("Records that may be one human being wait here, with what speaks for and against it."),
                icon="users",
            ),
        ),
    }
    return respond(request, "identity/inbox.html", context, fragment="ui/_inbox.html")


@requires(Action.MERGE_PEOPLE)
@require_safe
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One pair."""
    return respond(request, "identity/_case.html", _case(request, _proposal(pk)))


def _proposal(pk: int) -> MergeProposal:
    try:
        return queries.get_proposal(pk)
    except MergeProposal.DoesNotExist:
        raise Http404 from None


def _case(request: HttpRequest, row: MergeProposal) -> dict[str, Any]:
    contacts = current_user(request).may(Action.SEE_CONTACTS)
    evidence = [Evidence.read(each) for each in row.evidence]
    return {
        "row": row,
        "method": _(METHOD_LABELS[Method(row.method)]),
        "score": percent(row.score, 0),
        "evidence": told_evidence(evidence, contacts=contacts),
        "comparison": _compared(request, row.left_id, row.right_id),
    }


def _compared(request: HttpRequest, left: int, right: int) -> Comparison:
    found = compare(left, right, contacts=current_user(request).may(Action.SEE_CONTACTS))
    if found is None:
        raise Http404
    return found


@requires(Action.MERGE_PEOPLE)
@require_POST
def decide(request: HttpRequest, pk: int, answer: str) -> HttpResponse:
    """Answer a proposal: one person, two people, later; or take "two people" back."""
    row = _proposal(pk)
    if answer not in ANSWERS:
        raise Http404
    actor, now = f"user:{current_user(request).pk}", timezone.now()
    done = HttpResponse(status=204)
    if answer == "same":
        keep = row.right_id if request.POST.get("keep") == str(row.right_id) else row.left_id
        made = operations.decide(proposal_id=pk, same=True, keep=keep, actor=actor, now=now)
        undo_url = reverse("identity:undo", args=[made]) if made else None
        return trigger(toast(done, _("Merged: one person now."), undo_url=undo_url), case_done={})
    if answer == "different":
        operations.decide(proposal_id=pk, same=False, actor=actor, now=now)
        undo_url = reverse("identity:decide", args=[pk, "reopen"])
        return trigger(toast(done, _("Two people; nobody is asked again."), undo_url=undo_url), case_done={})
    if answer == "later":
        operations.postpone(proposal_id=pk, now=now)
        return trigger(toast(done, _("Put aside for later.")), case_done={})
    operations.reopen(proposal_id=pk, now=now)
    return toast(done, _("Back in the queue."))


@requires(Action.MERGE_PEOPLE)
@require_safe
def find(request: HttpRequest, person_id: int) -> HttpResponse:
    """Look for the other record of a person."""
    person = queries.get_persons([person_id]).get(person_id)
    if person is None:
        raise Http404
    form = FindForm(request.GET or None)
    found: list[Person] = []
    if form.is_valid():
        mine = set(queries.profiles_of([person_id]).values())
        found = [each for each in queries.find_persons(form.cleaned_data["q"]) if each.pk not in mine]
    context = {
        "title": _("Merge %(name)s with …") % {"name": person.name or f"#{person.pk}"},
        "crumbs": _crumbs(),
        "person": person,
        "form": form,
        "found": found,
        "asked": form.is_bound,
        "contacts": current_user(request).may(Action.SEE_CONTACTS),
    }
    return respond(request, "identity/find.html", context)


@requires(Action.MERGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def pair(request: HttpRequest, person_id: int, other_id: int) -> HttpResponse:
    """Any two records side by side, with what a merge would give; POST merges them."""
    found = _compared(request, person_id, other_id)
    form = MergeForm(request.POST or None, comparison=found)
    if form.is_valid():
        keep = int(form.cleaned_data["keep"])
        going = person_id if keep == found.right.profile_id else other_id
        into = other_id if going == person_id else person_id
        operations.merge(
            person_id=going,
            into_id=into,
            actor=f"user:{current_user(request).pk}",
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            evidence=found.evidence
            if going == person_id
            else tuple([each.turned() for each in found.evidence]),
        )
        url = link_of("person", keep) or reverse("identity:past")
        messages.success(request, _("Merged: one person now. It can be undone at any time."))
        return redirect_to(request, url)
    context = {
        "title": f"{found.left.name} = {found.right.name}",
        "crumbs": _crumbs(),
        "comparison": found,
        "form": form,
    }
    return respond(request, "identity/pair.html", context, status=422 if form.is_bound else 200)


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Merge review"), reverse("identity:inbox"))]


@requires(Action.MERGE_PEOPLE)
class MergeList(ListPage[Merge]):
    """What was merged, with its undo."""

    code = "identity.merges"
    title = gettext_lazy("Past merges")
    subtitle = gettext_lazy(
        "Undo any of them, in any order: both persons are what they would have been without it."
    )
    template = "identity/past.html"
    table_class = MergeTable
    sorts = {"at": Sort("at")}
    default_sort = "-at"
    default_columns = ("person", "into", "at", "actor", "evidence", "state")
    empty = Empty(
        title=gettext_lazy("Nothing has been merged"),
        text=gettext_lazy("Merges stand here with who made them and why, and can be undone."),
        icon="arrows-join",
    )

    def rows(self) -> QuerySet[Merge]:
        """All merges, undone ones too."""
        return queries.list_merges()


@requires(Action.MERGE_PEOPLE)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back: from a list or a toast, or (`back`) from a person's page, which opens again."""
    try:
        done = operations.unmerge(
            merge_id=pk,
            actor=f"user:{current_user(request).pk}",
            now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )
    except Merge.DoesNotExist:
        raise Http404 from None
    text = _("Undone: they are two people again.") if done else _("This merge was undone before.")
    if "back" in request.POST:
        messages.success(request, text)
        kept = Merge.objects.values_list("into_id", flat=True).get(pk=pk)
        return redirect_to(request, link_of("person", kept) or reverse("identity:past"))
    return list_changed(toast(HttpResponse(status=204), text))


def home_card(request: HttpRequest) -> CardContent | None:
    """The start page's card for those who decide."""
    count = queries.count_queue()
    return CardContent("identity/_home.html", {"count": count}) if count else None
