"""Every message has its Chinese translation, finished and with the same placeholders."""

from scripts.translations import Message, messages_of_python, messages_of_template, problems


def test_the_catalogues_are_complete() -> None:
    assert list(problems()) == []


def test_messages_are_found_in_python() -> None:
    source = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
title = _("Leads")
text = ngettext("%(n)d lead", "%(n)d leads", n) + pgettext("stage", "Won")
nothing = _(title)
"""
    assert sorted(messages_of_python(source), key=lambda each: each.text) == [
        Message(None, "%(n)d lead", "%(n)d leads"),
        Message(None, "Leads", None),
        Message("stage", "Won", None),
    ]


def test_messages_are_found_in_templates() -> None:
    source = (
        '{% translate "Its start" as title %}<p title="{{ _("Hint") }}">'
        "{% blocktranslate trimmed %}\n  Hello\n  {{ name }}\n{% endblocktranslate %}"
        "{% blocktranslate count n=leads|length %}one{% plural %}{{ n }} many{% endblocktranslate %}"
        '{% translate "Won" context "stage" %}'
    )
    assert set(messages_of_template(source)) >= {
        Message(None, "Hint", None),
        Message(None, "Hello %(name)s", None),
        Message(None, "one", "%(n)s many"),
        Message("stage", "Won", None),
    }
