"""Taking back what an import made of persons."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from huoju.core.bulk import texts
from huoju.core.references import unreferenced

from ..models import Person
from .merging import separate
from .resolve import FILLABLE, Resolved

_REASON = "import rolled back"


def forget_batch(made: Sequence[Resolved], *, actor: str, now: datetime) -> set[int]:
    """Take back what `resolve_batch` did for an import, as far as nothing else stands on it. Needs a transaction.

    The caller has removed the leads and consents of the import already. A person stays if anything still points to
    it; a value is emptied only if it is still the one that the import brought. Who goes is separated from others
    first: a merge keeps nobody. Returns the companies that persons pointed to until now.
    """
    with connection.cursor() as cursor:
        added = [(each.person_id, kind, value) for each in made for kind, value in each.added]
        if added:
            cursor.execute(
                """DELETE FROM identity_identifier i
                   USING unnest(%s::bigint[], %s::text[], %s::text[]) AS r(person, kind, value)
                   WHERE i.person_id = r.person AND i.kind = r.kind AND i.value = r.value""",
                [[a[0] for a in added], texts([a[1] for a in added]), texts([a[2] for a in added])],
            )
        for name in (*FILLABLE, "company_id"):
            mine = [(each.person_id, each.filled[name]) for each in made if name in each.filled]
            if mine:
                empty = "NULL" if name == "company_id" else "''"
                cursor.execute(
                    f"""UPDATE identity_person p SET {name} = {empty}
                        FROM unnest(%s::bigint[], %s::text[]) AS r(id, value)
                        WHERE p.id = r.id AND p.{name}::text = r.value""",
                    [[id_ for id_, _ in mine], texts([str(value) for _, value in mine])],
                )
        proposals = [id_ for each in made for id_ in each.proposals]
        if proposals:
            cursor.execute(
                "DELETE FROM identity_mergeproposal WHERE id = ANY(%s) AND decided_at IS NULL", [proposals]
            )
        created = sorted({each.person_id for each in made if each.created})
        # Locked before it is asked what points to them: a lead has no foreign key to its person.
        cursor.execute("SELECT FROM identity_person WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [created])
        going = unreferenced(Person, created)
        separate(going, actor=actor, reason=_REASON, now=now)
        cursor.execute("DELETE FROM identity_person WHERE id = ANY(%s) RETURNING company_id", [going])
        left = {company_id for (company_id,) in cursor.fetchall() if company_id is not None}
        return left | {int(each.filled["company_id"]) for each in made if "company_id" in each.filled}
