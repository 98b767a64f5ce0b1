"""Facts of companies: what people decide about them. Companies that come in with leads make none of their own."""

from huoju.core.facts.kinds import fact


@fact("company.updated")
class CompanyUpdated:
    """Somebody set fields by hand: the new values by name; `parent` is an id or None."""

    changes: dict[str, str | int | None]


@fact("company.domains_changed")
class CompanyDomainsChanged:
    """Domains were given to a company, or taken from it, by hand."""

    added: list[str]
    removed: list[str]


@fact("company.merged")
class CompanyMerged:
    """A company is from now on read as another one 合并. The fact is filed under the company; nothing else moves."""

    merge_id: int
    main_id: int
    reason: str


@fact("company.unmerged")
class CompanyUnmerged:
    """A merge was taken back 拆分: the company stands for itself again."""

    merge_id: int
    main_id: int
