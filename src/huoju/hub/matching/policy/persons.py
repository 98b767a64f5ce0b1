"""How Huoju's persons are compared."""

from .design import Comparison, Design, Level
from .features import BLOCKS, FEATURES

_NAME = Comparison(
    "name",
    "name_sound_l IS NULL OR name_sound_r IS NULL",
    (
        Level("written", "name_l = name_r", frequency="name"),
        Level("toned", "name_toned_l = name_toned_r", degree="close"),  # 李娜 and 李那
        Level(
            "sound", "name_sound_l = name_sound_r", frequency="name_sound", degree="close"
        ),  # 张三丰 and Zhang Sanfeng
        Level(
            "turned", "name_sound_l = name_turned_r OR name_turned_l = name_sound_r", degree="close"
        ),  # 丰三张, Sanfeng Zhang
        Level(
            "typo",
            "family_l = family_r AND levenshtein(given_l, given_r) <= 1 "
            "AND length(given_l) >= 4 AND length(given_r) >= 4",
            degree="close",
        ),
        Level(
            "box",  # 张总 with the box zhangsf@
            "boxed_sound_l = name_sound_r OR boxed_sound_r = name_sound_l OR boxed_sound_l = boxed_sound_r "
            "OR boxed_initials_l = initials_r OR boxed_initials_r = initials_l",
            degree="close",
        ),
        Level(
            "short",  # 张总, Zhang S.
            "family_l = family_r AND (given_l IS NULL OR given_r IS NULL OR "
            "(length(given_l) <= 2 AND substr(given_r, 1, 1) = substr(given_l, 1, 1)) OR "
            "(length(given_r) <= 2 AND substr(given_l, 1, 1) = substr(given_r, 1, 1)))",
            degree="weak",
        ),
        Level("family", "family_l = family_r", degree="weak"),
        Level("given", "given_l = given_r", degree="weak"),
    ),
)

_COMPANY = Comparison(
    "company",
    # A full name and a mail domain say nothing of each other, unless the domain is called like the brand.
    "NOT (coalesce(company_l, '') <> '' AND coalesce(company_r, '') <> '' "
    "OR coalesce(domain_l, '') <> '' AND coalesce(domain_r, '') <> '' "
    "OR coalesce(brand_sound_l = domain_label_r, false) OR coalesce(brand_sound_r = domain_label_l, false))",
    (
        Level("full", "company_l = company_r", frequency="company"),
        Level("domain", "domain_l = domain_r", frequency="domain"),
        Level("brand", "brand_l = brand_r", frequency="brand", degree="close"),
        Level(
            "sound",
            "brand_sound_l = brand_sound_r OR brand_sound_l = domain_label_r OR brand_sound_r = domain_label_l",
            degree="close",
        ),
        Level(
            "part",
            "(length(brand_l) >= 2 AND strpos(company_r, brand_l) > 0) OR "
            "(length(brand_r) >= 2 AND strpos(company_l, brand_r) > 0) OR "
            "(length(company_code_l) >= 4 AND length(company_code_r) >= 4 "
            "AND levenshtein(company_code_l, company_code_r) <= 1)",
            degree="weak",
        ),
    ),
)

_MOBILE = Comparison(
    "mobile",
    "mobile_l IS NULL OR mobile_r IS NULL",
    (
        Level("exact", "mobile_l = mobile_r"),
        Level("typo", "levenshtein(mobile_l, mobile_r) <= 1", degree="close"),
        Level("tail", "substr(mobile_l, length(mobile_l) - 3) = substr(mobile_r, length(mobile_r) - 3)", degree="weak"),
    ),
)  # fmt: skip

_EMAIL = Comparison(
    "email",
    # A box that is called like its owner tells nothing that the name has not told, whatever number stands behind it;
    # and a box at work and one of one's own nothing of each other, unless they are called alike.
    "mail_l IS NULL OR mail_r IS NULL OR coalesce(mail_l <> mail_r AND name_sound_l = name_sound_r "
    "AND mail_letters_l = mail_letters_r AND mail_named_l = mail_named_r "
    "AND (mail_local_l <> mail_local_r OR mail_local_l = mail_letters_l), false) "
    "OR (domain_l IS NULL) <> (domain_r IS NULL) AND coalesce(mail_local_l <> mail_local_r, true) "
    "AND coalesce(mail_letters_l <> mail_letters_r, true)",
    (
        Level("exact", "mail_l = mail_r"),
        Level("local", "mail_local_l = mail_local_r", frequency="mail_local", degree="close"),
        Level("typo", "mail_sorted_l = mail_sorted_r", degree="close"),  # two letters changed places
        Level("letters", "mail_letters_l = mail_letters_r", frequency="mail_letters", degree="weak"),
    ),
)

_TITLE = Comparison(
    "title",
    "title_l IS NULL OR title_r IS NULL",
    (
        Level("exact", "title_l = title_r", frequency="title"),
        Level("kind", "title_kind_l = title_kind_r", degree="close"),
        Level("part", "strpos(title_l, title_r) > 0 OR strpos(title_r, title_l) > 0", degree="close"),
        Level("function", "title_function_l = title_function_r", degree="weak"),
    ),
)

_REGION = Comparison(
    "region",
    # Colleagues share their company's region: it speaks only where the company does not.
    "region_l IS NULL OR region_r IS NULL OR coalesce(company_l = company_r, false) "
    "OR coalesce(brand_sound_l = brand_sound_r, false) OR coalesce(domain_l = domain_r, false) "
    "OR coalesce(brand_sound_l = domain_label_r, false) OR coalesce(brand_sound_r = domain_label_l, false)",
    (
        Level("exact", "region_l = region_r", frequency="region"),
        Level("province", "province_l = province_r", degree="weak"),
    ),
)

PERSONS = Design(
    code="persons",
    columns=FEATURES,
    comparisons=(_NAME, _COMPANY, _MOBILE, _EMAIL, _TITLE, _REGION),
    blocks=BLOCKS,
    training=(
        ("name_sound", "brand"),
        ("brand", "title"),
        ("name_sound", "title"),
        ("name_sound", "province"),
    ),
    certain=(
        ("name_sound", "company", "title"),
        ("name_sound", "mobile"),
        ("name_sound", "mail_local"),
        ("name_sound", "domain", "title"),
    ),
    certain_recall=0.6,
    pairs=7.0,
)
"""The profile of settings for Huoju's persons. `threshold` is its default (docs/matching.md)."""
