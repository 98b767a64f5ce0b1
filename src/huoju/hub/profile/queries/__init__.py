"""Reading profiles: golden fields, traits, tags."""

from .among import found_in
from .people import (
    MERGES,
    by_age,
    get_visible,
    lacks_combined,
    list_combined,
    list_people,
    show_golden,
    show_origin,
    surviving,
)
from .tags import (
    TagShown,
    find_tags,
    get_tag,
    list_person_ids,
    list_rule_tags,
    list_tags,
    tag_options,
    tagged,
    tags_column,
    tags_of,
)
from .traits import having, records_of, trait_column, traits_of
from .values import RULES, Known, golden_of, list_candidates, list_disputed

__all__ = [
    "MERGES",
    "RULES",
    "Known",
    "TagShown",
    "by_age",
    "find_tags",
    "found_in",
    "get_tag",
    "get_visible",
    "golden_of",
    "having",
    "lacks_combined",
    "list_candidates",
    "list_combined",
    "list_disputed",
    "list_people",
    "list_person_ids",
    "list_rule_tags",
    "list_tags",
    "records_of",
    "show_golden",
    "show_origin",
    "surviving",
    "tag_options",
    "tagged",
    "tags_column",
    "tags_of",
    "trait_column",
    "traits_of",
]
