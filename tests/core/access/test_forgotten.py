"""A forgotten password: who gets a link, what it is good for, and that nobody learns who has an account."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.db import connection
from django.test import Client

from huoju.core.access import jobs
from huoju.core.access.models import User
from huoju.core.access.policy import Role

from .conftest import MakeUser

ASK = "/accounts/password/forgotten/"
SENT = "/accounts/password/forgotten/sent/"
BOX = "wang.fang@example.com"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was put on the queue."""
    waiting: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "huoju.core.access.forgotten.mail_new_password_link.defer", lambda **given: waiting.append(given)
    )
    return waiting


def link_for(user: User) -> str:
    """The path of the link that the job mails."""
    mail.outbox.clear()
    jobs.mail_new_password_link(user_id=user.pk, language="en")
    found = re.search(r"http://localhost:8000(/accounts/password/new/\S+)", str(mail.outbox[0].body))
    assert found is not None
    return found[1]


def choose(client: Client, link: str, password: str) -> Any:
    """Open the link and send a new password."""
    page = client.get(link, follow=True)
    path = page.redirect_chain[-1][0] if page.redirect_chain else link
    return client.post(path, {"new_password1": password, "new_password2": password})


def test_the_mail_comes_to_its_owner_in_the_owners_language(
    client: Client, make_user: MakeUser, asked: list[dict[str, Any]]
) -> None:
    user = make_user(email=BOX, language="zh-hans", name="王芳")
    assert client.post(ASK, {"email": BOX.upper()})["Location"] == SENT
    assert [given["user_id"] for given in asked] == [user.pk]
    jobs.mail_new_password_link(**asked[0])
    (letter,) = mail.outbox
    assert letter.to == [BOX]
    assert letter.subject == "重设火炬登录密码"
    assert "王芳" in letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_the_link_changes_the_password_once_and_ends_open_sessions(
    client: Client, make_user: MakeUser
) -> None:
    user = make_user(email=BOX)
    elsewhere = Client()
    elsewhere.force_login(user)
    link = link_for(user)
    assert choose(client, link, "flame-and-torch-9")["Location"] == "/accounts/password/new/done/"
    user.refresh_from_db()
    assert user.check_password("flame-and-torch-9")
    assert elsewhere.get("/").status_code == 302
    client.cookies["huoju_language"] = "en"
    assert "no longer good" in Client(headers={"Accept-Language": "en"}).get(link).text
    choose(Client(), link, "another-long-one-7")
    user.refresh_from_db()
    assert user.check_password("flame-and-torch-9")


@pytest.mark.parametrize("password", ["short", "12345678", "sales-sales"])
def test_a_poor_password_is_refused(client: Client, make_user: MakeUser, password: str) -> None:
    user = make_user(email=BOX, username="sales-sales")
    assert choose(client, link_for(user), password).status_code == 200
    user.refresh_from_db()
    assert user.check_password("a-long-password")


def test_an_old_or_changed_link_is_good_for_nothing(
    client: Client, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, other = make_user(email=BOX), make_user(Role.MARKETING, email="other@example.com")
    link, foreign = link_for(user), link_for(other)
    place = link.split("/")
    swapped = "/".join([*foreign.split("/")[:-2], place[-2], ""])
    for bad in (swapped, link[:-3] + "x/", "/accounts/password/new/AA/zzz-zz/"):
        page = client.get(bad, follow=True)
        assert page.status_code == 200
        assert not page.context["validlink"]
    clock = default_token_generator._now
    monkeypatch.setattr(default_token_generator, "_now", lambda: clock() + timedelta(minutes=61))
    assert not client.get(link, follow=True).context["validlink"]


def test_unknown_and_deactivated_people_get_the_same_answer_and_no_mail(
    client: Client, make_user: MakeUser, asked: list[dict[str, Any]]
) -> None:
    user = make_user(email=BOX)
    User.objects.filter(pk=user.pk).update(is_active=False)
    for address in (BOX, "nobody@example.com"):
        assert client.post(ASK, {"email": address})["Location"] == SENT
    assert asked == []
    # Deactivated between the question and the job.
    jobs.mail_new_password_link(user_id=user.pk, language="en")
    assert mail.outbox == []


def test_a_mail_box_is_not_flooded(client: Client, make_user: MakeUser, asked: list[dict[str, Any]]) -> None:
    make_user(email=BOX)
    answers = [client.post(ASK, {"email": BOX}, REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(4)]
    assert answers == [302, 302, 302, 200]
    assert len(asked) == 3
    # An address without an account is counted alike: the refusal tells nothing.
    answers = [client.post(ASK, {"email": "nobody@example.com"}).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 200]


@pytest.mark.django_db
def test_one_caller_cannot_try_many_addresses(client: Client) -> None:
    answers = [client.post(ASK, {"email": f"user{n}@example.com"}).status_code for n in range(21)]
    assert answers == [302] * 20 + [200]


@pytest.mark.django_db
def test_the_queue_keeps_no_personal_data(client: Client, make_user: MakeUser) -> None:
    user = make_user(email=BOX, language="en")
    client.post(ASK, {"email": BOX}, headers={"Accept-Language": "en"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name LIKE '%%mail_new_password_link'")
        ((kept,),) = cursor.fetchall()
    assert json.loads(kept) == {"user_id": user.pk, "language": "en"}
