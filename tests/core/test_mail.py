"""Kinds of mail addresses."""

import pytest

from huoju.core.mail import (
    EmailClass,
    disposable_domains,
    domain_class,
    email_class,
    free_domains,
    identifies_company,
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("zhang@huoju.cn", EmailClass.WORK),
        ("zhang@qq.com", EmailClass.FREE),
        ("zhang@vip.163.com", EmailClass.FREE),
        ("zhang@263.net", EmailClass.FREE),
        ("zhang@gmail.com", EmailClass.FREE),
        ("zhang@mailinator.com", EmailClass.DISPOSABLE),
        ("zhang@deep.sub.mailinator.com", EmailClass.DISPOSABLE),
        ("sales@huoju.cn", EmailClass.ROLE),
        ("info@huoju.cn", EmailClass.ROLE),
        ("info@qq.com", EmailClass.FREE),
        ("info@mailinator.com", EmailClass.DISPOSABLE),
    ],
)
def test_the_class_of_an_address(address: str, kind: EmailClass) -> None:
    local, _, domain = address.partition("@")
    assert email_class(local, domain) is kind


def test_a_domain_in_both_lists_is_disposable() -> None:
    both = disposable_domains() & free_domains()
    assert both
    assert {domain_class(domain) for domain in both} == {EmailClass.DISPOSABLE}


def test_only_work_domains_identify_a_company() -> None:
    assert [identifies_company(d) for d in ("huoju.cn", "qq.com", "mailinator.com")] == [True, False, False]
