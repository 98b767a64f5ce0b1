"""What people set by hand: it wins over everything a machine finds out."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append_one

from ..facts import CompanyDomainsChanged, CompanyUpdated
from ..models import Company, CompanyDomain
from ..policy import company_domain, normalise_company, normalise_uscc
from ..policy.names import Unusable
from ..queries import mains_of
from . import structure

EDITABLE = ("name", "uscc", "industry", "region", "size", "country", "parent")


def update_company(
    *, company_id: int, changes: Mapping[str, str | int | None], actor: str, now: datetime
) -> dict[str, str | int | None]:
    """Set fields (of `EDITABLE`) of a company by hand; returns those that changed.

    `parent` is an id or None, `uscc` text or None. An empty value is kept empty: no machine fills it again. Needs a
    transaction. Raises `UserError` for a wrong or taken registration number, for an unusable name, and where a parent
    would close a circle or make the group too deep; `Company.DoesNotExist`; `KeyError` for a field that is none.
    """
    if unknown := set(changes) - set(EDITABLE):
        raise KeyError(*unknown)
    if "parent" in changes:
        structure.serialise()
    company = Company.objects.select_for_update(no_key=True).get(pk=company_id)
    wanted = {name: _checked(name, value) for name, value in changes.items()}
    if "parent" in wanted:
        wanted["parent"] = _checked_parent(company, wanted["parent"])
    before = {"parent": company.parent_id, "uscc": company.uscc} | {
        name: getattr(company, name) for name in EDITABLE if name not in ("parent", "uscc")
    }
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if not changed:
        return {}
    for name, value in changed.items():
        setattr(company, "parent_id" if name == "parent" else name, value)
        company.origins[name] = actor
    company.studied_at = None
    try:
        with transaction.atomic():
            company.save(update_fields=[*changed, "origins", "studied_at"])
    except IntegrityError:
        raise _taken(str(changed.get("uscc"))) from None
    if "parent" in changed:
        _mark_heads([each for each in (before["parent"], changed["parent"]) if isinstance(each, int)])
    fact = NewFact(
        payload=CompanyUpdated(changes=changed),
        occurred_at=now,
        company_id=company_id,
        shard_key=f"company:{company_id}",
    )
    append_one(fact, actor=actor, source="companies", now=now)
    return changed


def _checked(name: str, value: str | int | None) -> str | int | None:
    """The value as it is stored."""
    if name == "parent":
        return None if value is None else int(value)
    text = "" if value is None else str(value).strip()
    if name == "uscc":
        if not text:
            return None
        code = normalise_uscc(text)
        if code is None:
            raise UserError(_("The check digit of this registration number is wrong."), "wrong_number")
        return code
    if name == "name":
        known = normalise_company(text)
        if isinstance(known, Unusable):
            raise UserError(_("This cannot be the name of a company."), "unusable_name")
        return known.display
    return text


def _taken(uscc: str) -> UserError:
    other = Company.objects.filter(uscc=uscc).values_list("name", flat=True).first()
    return UserError(
        _("%(name)s has this registration number. If the two are one company, merge them.") % {"name": other},
        "number_taken",
    )


def _checked_parent(company: Company, parent_id: str | int | None) -> int | None:
    """The main company that becomes the parent, if no circle comes of it. The structure is held."""
    if parent_id is None:
        return None
    if not Company.objects.filter(pk=parent_id).exists():
        raise Company.DoesNotExist
    mains = mains_of([company.pk, int(parent_id)])
    child, parent = mains[company.pk], mains[int(parent_id)]
    over = structure.above(parent)
    if child in over:
        raise UserError(_("A company cannot belong to its own group: this would make a circle."), "circle")
    if max(over.values()) + 2 + max(structure.below(child).values()) > structure.MAX_LEVELS:
        raise UserError(
            _("A group has at most %(count)s levels.") % {"count": structure.MAX_LEVELS}, "too_deep"
        )
    return parent


def _mark_heads(company_ids: list[int]) -> None:
    """Note who has subsidiaries."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE companies_company h
               SET heads_group = EXISTS (SELECT FROM companies_company c WHERE c.parent_id = h.id)
               WHERE h.id = ANY(%s)""",
            [company_ids],
        )


def add_domain(*, company_id: int, domain: str, actor: str, now: datetime) -> str:
    """Give a company a mail or web domain by hand; returns it in normal form. Needs a transaction.

    A domain that only mail addresses suggested for another company moves here. Raises `UserError` for text that is no
    domain, for free and disposable mail, and for a domain that another company was given by hand.
    """
    wanted = _domain(domain)
    Company.objects.select_for_update(no_key=True).get(pk=company_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO companies_companydomain AS known (domain, company_id, verified, source, created_at)
               VALUES (%s, %s, true, %s, %s)
               ON CONFLICT (domain) DO UPDATE SET company_id = excluded.company_id, verified = true,
                   source = excluded.source, created_at = excluded.created_at
               WHERE NOT known.verified
               RETURNING company_id""",
            [wanted, company_id, actor, now],
        )
        if cursor.fetchone() is None:
            owner = CompanyDomain.objects.select_related("company").get(domain=wanted).company
            if owner.pk == company_id:
                return wanted
            raise UserError(
                _("%(domain)s belongs to %(name)s. Take it away there first, or merge the two.")
                % {"domain": wanted, "name": owner.name},
                "domain_taken",
            )
    _tell(company_id, [wanted], [], actor, now)
    return wanted


def remove_domain(*, company_id: int, domain: str, actor: str, now: datetime) -> bool:
    """Take a domain from a company; False if it did not have it. Needs a transaction."""
    gone, _rows = CompanyDomain.objects.filter(company_id=company_id, domain=domain).delete()
    if gone:
        _tell(company_id, [], [domain], actor, now)
    return bool(gone)


def _domain(raw: str) -> str:
    text = raw.strip().lower()
    for start in ("https://", "http://", "www."):
        text = text.removeprefix(start)
    text = text.partition("/")[0].rpartition("@")[2].rstrip(".")
    try:
        text = text.encode("idna").decode() if not text.isascii() else text
    except UnicodeError:
        text = ""
    labels = text.split(".")
    plain = all(each and len(each) <= 63 and each.replace("-", "").isalnum() for each in labels)
    if len(labels) < 2 or not plain or len(text) > 253 or labels[-1].isdecimal():
        raise UserError(_("This is no domain. An example: huoju.com"), "no_domain")
    found = company_domain(text)
    if not found:
        raise UserError(
            _("%(domain)s gives mailboxes to everybody: it says nothing about a company.") % {"domain": text},
            "free_mail",
        )
    return found


def _tell(company_id: int, added: list[str], removed: list[str], actor: str, now: datetime) -> None:
    fact = NewFact(
        payload=CompanyDomainsChanged(added=added, removed=removed),
        occurred_at=now,
        company_id=company_id,
        shard_key=f"company:{company_id}",
    )
    append_one(fact, actor=actor, source="companies", now=now)
