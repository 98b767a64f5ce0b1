"""What visitors, and those who pretend to be some, can do to a public form."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from huoju.acquire.forms import operations, public
from huoju.acquire.forms.models import Form, Submission
from huoju.acquire.forms.policy.definition import parse
from huoju.core.facts.models import Fact

from .conftest import DEFINITION, GOOD, NOW, Send, token_for, token_in

pytestmark = pytest.mark.django_db
THANKS = "/f/demo/thanks/?lang=en"


def test_the_page_speaks_the_visitors_language_and_needs_no_cookie(form: Form) -> None:
    chinese = Client(headers={"accept-language": "zh-CN,zh;q=0.9"}).get("/f/demo/")
    english = Client(headers={"accept-language": "de,en;q=0.5"}).get("/f/demo/")
    asked = Client(headers={"accept-language": "en"}).get("/f/demo/?lang=zh")
    assert "您的姓名" in chinese.text
    assert "Your name" in english.text
    assert "您的姓名" in asked.text
    assert 'lang="en"' in english.text
    assert not english.cookies
    assert english["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in english["Content-Security-Policy"]
    assert english["X-Frame-Options"] == "DENY"


def test_no_box_is_ticked_beforehand(form: Form) -> None:
    assert "checked" not in Client().get("/f/demo/").text


def test_only_the_named_origins_may_frame_the_form(form: Form) -> None:
    page = Client().get(
        "/f/demo/embed/?page=https://www.example.com/a%3Futm_source%3Dwechat&referrer=https://x.cn/&lang=zh"
    )
    assert "frame-ancestors 'self' https://www.example.com;" in page["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in page
    assert '<input type="hidden" name="utm_source" value="wechat">' in page.text
    assert '<input type="hidden" name="referrer" value="https://x.cn/">' in page.text
    script = Client().get("/embed/demo.js")
    assert script["Content-Type"] == "text/javascript; charset=utf-8"
    assert "currentScript" in script.text


def test_a_submission_is_stored_with_its_fact(form: Form, send: Send) -> None:
    answer = send(
        f_name="李娜🎉",
        f_message="第一行\r\n第二行",
        c_marketing="yes",
        utm_source="baidu",
        utm_term="数据湖",
        page="https://www.example.com/demo?utm_source=baidu",
        referrer="https://www.baidu.com/",
        channel="sales",
    )
    assert (answer.status_code, answer["Location"]) == (303, THANKS)
    submission = Submission.objects.get()
    assert submission.data == {"name": "李娜🎉", "mobile": "138 1234 5678", "message": "第一行\n第二行"}
    assert submission.source == {
        "utm_source": "baidu",
        "utm_term": "数据湖",
        "page": "https://www.example.com/demo?utm_source=baidu",
        "referrer": "https://www.baidu.com/",
        "language": "en",
    }
    assert submission.consent == {"privacy": True, "marketing": True}
    assert submission.ip == "203.0.113.9"
    fact = Fact.objects.get(kind="form.submitted")
    assert fact.actor == "visitor"
    assert fact.payload == {
        "submission_id": submission.pk,
        "via": "form",
        "form_id": form.pk,
        "form_version": 1,
        "purpose": "contact",
        "product": "",
        "campaign_id": None,
        "data": submission.data,
        "source": submission.source,
        "consent": submission.consent,
        "consent_text": "[privacy] I agree\n[marketing] News, please",
        "ip": "203.0.113.9",
    }
    assert "Thank you" in Client().get(THANKS).text


def test_two_submissions_of_one_person_share_a_shard(send: Send, form: Form) -> None:
    for nonce, mobile in (("a", "13812345678"), ("b", "+86 138-1234-5678")):
        send(token=token_for(form, nonce=nonce), f_mobile=mobile)
    assert len(set(Fact.objects.filter(kind="form.submitted").values_list("shard", flat=True))) == 1
    assert Submission.objects.count() == 2


def test_a_reload_is_one_submission_and_the_same_thanks(send: Send) -> None:
    first, second = send(), send()
    assert (first["Location"], second["Location"]) == (THANKS, THANKS)
    assert Submission.objects.count() == Fact.objects.filter(kind="form.submitted").count() == 1


def test_errors_come_back_in_the_visitors_language_with_what_was_typed(send: Send) -> None:
    answer = send(
        path="/f/demo/?lang=zh",
        f_name="",
        f_mobile="12<3",
        f_message="hello & <b>",
        c_marketing="yes",
        c_privacy=None,
    )
    assert answer.status_code == 422
    assert 'value="12&lt;3"' in answer.text
    assert "hello &amp; &lt;b&gt;</textarea>" in answer.text
    assert answer.text.count('aria-invalid="true"') == 3
    assert 'name="c_marketing" value="yes" checked' in answer.text
    assert not Submission.objects.exists()


def test_the_answer_after_an_error_needs_no_second_wait(send: Send, form: Form) -> None:
    token = token_in(send(f_name="").text)
    assert send(token=token).status_code == 303
    assert Submission.objects.count() == 1


def test_a_program_that_fills_in_everything_is_told_and_nothing_is_stored(send: Send) -> None:
    answer = send(reply_url="http://spam.example")
    assert answer.status_code == 422
    assert "only stops programs" in answer.text
    assert "data-open" in answer.text  # a person whose browser filled it in can see and empty it
    assert not Submission.objects.exists()


def test_what_is_sent_at_once_has_to_be_sent_again(send: Send, form: Form) -> None:
    answer = send(token=token_for(form, age=timedelta(milliseconds=300)))
    assert answer.status_code == 422
    assert "very quick" in answer.text
    assert 'value="李娜"' in answer.text
    assert not Submission.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "a.b", "é.é", "x" * 5000])
def test_a_forged_token_gets_a_fresh_page(send: Send, form: Form, token: str) -> None:
    answer = send(token=token)
    assert answer.status_code == 422
    assert 'value="李娜"' in answer.text
    assert token_in(answer.text).count(".") == 1
    assert not Submission.objects.exists()


def test_an_expired_token_or_one_of_another_form_gets_a_fresh_page(send: Send, form: Form) -> None:
    other = operations.create_form(
        settings=operations.FormSettings(name="Other", slug="other"),
        definition=parse(DEFINITION),
        created_by_id=None,
        now=NOW,
    )
    for token in (token_for(form, age=timedelta(hours=25)), token_for(other), token_for(form, version=9)):
        assert send(token=token).status_code == 422
    assert not Submission.objects.exists()


def test_the_version_that_was_shown_is_the_one_that_counts(send: Send, form: Form) -> None:
    changed = {**DEFINITION, "fields": [*DEFINITION["fields"], {"kind": "title", "required": True}]}
    operations.save_form(
        form=form,
        settings=operations.FormSettings(name="Demo", slug="demo"),
        definition=parse(changed),
        based_on=1,
        saved_by_id=None,
        now=NOW,
    )
    assert send().status_code == 303
    assert send(token=token_for(form, version=2, nonce="n2")).status_code == 422
    assert [each.version.number for each in Submission.objects.all() if each.version] == [1]


def test_a_body_too_large_is_refused(send: Send) -> None:
    answer = send(f_message="x" * 70_000)
    assert answer.status_code == 413
    assert "too much text" in answer.text
    assert not Submission.objects.exists()


def test_what_cannot_be_stored_is_left_out(send: Send) -> None:
    assert send(f_name="a\x00b", utm_source="\x00", f_message="\ufeff好").status_code == 303
    submission = Submission.objects.get()
    assert (submission.data["name"], submission.data["message"]) == ("ab", "好")
    assert "utm_source" not in submission.source


def test_a_closed_form_says_so(send: Send, form: Form) -> None:
    Form.objects.update(published=False)
    assert Client().get("/f/demo/").status_code == 410
    assert send().status_code == 410
    assert Client().get("/f/nowhere/").status_code == 404
    assert not Submission.objects.exists()


def test_an_address_may_not_send_without_end(send: Send, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "PER_ADDRESS", 3)
    statuses = [send(token=token_for(form, nonce=f"n{n}")).status_code for n in range(4)]
    assert statuses == [303, 303, 303, 429]
    refused = send(token=token_for(form, nonce="n5"))
    assert int(refused["Retry-After"]) > 0
    assert 'value="李娜"' in refused.text
    assert send(token=token_for(form, nonce="n6"), ip="203.0.113.10").status_code == 303


def test_behind_a_proxy_the_last_hop_tells_the_address(send: Send, settings: Any, form: Form) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    Client(headers={"x-forwarded-for": "6.6.6.6, 198.51.100.7", "x-forwarded-proto": "https"}).post(
        "/f/demo/", {**GOOD, "token": token_for(form)}
    )
    assert Submission.objects.get().ip == "198.51.100.7"


def test_a_submission_takes_few_queries(send: Send, form: Form) -> None:
    send(token=token_for(form, nonce="warm"))
    with CaptureQueriesContext(connection) as queried:
        send(token=token_for(form, nonce="counted"))
    assert len(queried) <= 12


def test_redirects_leave_through_the_thanks_page(form: Form) -> None:
    operations.save_form(
        form=form,
        settings=operations.FormSettings(name="Demo", slug="demo"),
        definition=parse(
            {**DEFINITION, "redirect": "https://www.example.com/next", "success": {"en": "See\nyou"}}
        ),
        based_on=1,
        saved_by_id=None,
        now=NOW,
    )
    page = Client().get(THANKS).text
    assert '<meta http-equiv="refresh" content="2; url=https://www.example.com/next">' in page
    assert "See<br>you" in page
    framed = Client().get("/f/demo/embed/thanks/?lang=en").text
    assert "http-equiv" not in framed
    assert 'data-submitted="https://www.example.com/next"' in framed


@pytest.mark.django_db(transaction=True)
def test_a_double_click_is_one_submission(form: Form, send: Send) -> None:
    barrier, locations = Barrier(4), []
    token = token_for(form)

    def click() -> None:
        barrier.wait()
        locations.append(send(token=token)["Location"])
        connections.close_all()

    threads = [Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert locations == [THANKS] * 4
    assert Submission.objects.count() == Fact.objects.filter(kind="form.submitted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_fact_and_its_submission_stay_or_go_together(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the log is gone")

    monkeypatch.setattr(operations, "append", broken)
    new = operations.NewSubmission(via="form", key="k", data={"mobile": "1"}, form=form)
    with pytest.raises(RuntimeError, match="the log is gone"):
        operations.submit(new, actor="visitor", source="forms", now=timezone.now())
    assert not Submission.objects.exists()
