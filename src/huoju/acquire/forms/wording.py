"""The house's own words: for fields, for what is wrong, for the texts that a form leaves empty."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .models import Form
from .policy.answers import AnswerProblem
from .policy.definition import ConsentPurpose, FieldKind, Problem

type Words = str | Promise

FIELD_LABELS: dict[FieldKind, Words] = {
    FieldKind.NAME: pgettext_lazy("person", "Name"),
    FieldKind.EMAIL: _("Work e-mail"),
    FieldKind.MOBILE: _("Mobile"),
    FieldKind.COMPANY: _("Company"),
    FieldKind.TITLE: _("Job title"),
    FieldKind.COMPANY_SIZE: _("Company size"),
    FieldKind.INDUSTRY: _("Industry"),
    FieldKind.REGION: _("Province"),
    FieldKind.MESSAGE: _("How can we help?"),
    FieldKind.TEXT: _("Text"),
    FieldKind.SELECT: _("Choice"),
    FieldKind.CHECKBOX: _("Tick box"),
}

FIELD_ICONS: dict[FieldKind, str] = {
    FieldKind.NAME: "user",
    FieldKind.EMAIL: "mail",
    FieldKind.MOBILE: "device-mobile",
    FieldKind.COMPANY: "building",
    FieldKind.TITLE: "id-badge-2",
    FieldKind.COMPANY_SIZE: "users",
    FieldKind.INDUSTRY: "building-factory-2",
    FieldKind.REGION: "map-pin",
    FieldKind.MESSAGE: "message",
    FieldKind.TEXT: "forms",
    FieldKind.SELECT: "list-check",
    FieldKind.CHECKBOX: "square-check",
}

CONSENT_LABELS: dict[ConsentPurpose, Words] = {
    ConsentPurpose.PRIVACY: _("Use of the data for this request"),
    ConsentPurpose.MARKETING: _("News about products and events"),
}

TITLES: dict[str, Words] = {
    Form.Purpose.CONTACT: _("Talk to us"),
    Form.Purpose.TRIAL: _("Try it with your own data"),
    Form.Purpose.DOWNLOAD: _("Get the white paper"),
    Form.Purpose.WEBINAR: _("Save your seat"),
    Form.Purpose.SUBSCRIBE: _("Stay in touch"),
}
BUTTONS: dict[str, Words] = {
    Form.Purpose.CONTACT: _("Send"),
    Form.Purpose.TRIAL: _("Ask for a trial"),
    Form.Purpose.DOWNLOAD: _("Get it"),
    Form.Purpose.WEBINAR: _("Sign up"),
    Form.Purpose.SUBSCRIBE: _("Subscribe"),
}
SUCCESS = _("We have received your message and will be in touch soon.")

SOURCE_LABELS: dict[str, Words] = {
    "utm_source": _("UTM source"),
    "utm_medium": _("UTM medium"),
    "utm_campaign": _("UTM campaign"),
    "utm_term": _("UTM term"),
    "utm_content": _("UTM content"),
    "page": _("Page"),
    "referrer": _("Referrer"),
    "channel": _("Channel"),
    "campaign": _("Campaign"),
    "visitor_id": _("Visitor"),
}
"""What is known of where a submission came from, in the order in which it is shown."""

ANSWER_TEXTS: dict[AnswerProblem, Words] = {
    AnswerProblem.REQUIRED: _("Please fill this in."),
    AnswerProblem.CONTACT_NEEDED: _("Please give us a mobile number or an e-mail address."),
    AnswerProblem.NOT_AN_EMAIL: _("This is not an e-mail address. It should look like name@company.com."),
    AnswerProblem.NOT_A_PHONE: _("This is not a phone number. Please check the digits."),
    AnswerProblem.NOT_A_CHOICE: _("Please choose one from the list."),
    AnswerProblem.TOO_LONG: _("This is too long."),
    AnswerProblem.UNKNOWN_FIELD: _("There is no such field."),
    AnswerProblem.NOT_TEXT: _("This has to be text."),
}
CONSENT_REQUIRED = _("Please tick this box: without it we may not use your data.")

PROBLEM_TEXTS: dict[Problem, Words] = {
    Problem.NOT_A_FORM: _("This is not the definition of a form."),
    Problem.UNKNOWN_PART: _("Huoju does not know this part."),
    Problem.NO_FIELDS: _("Add at least one field."),
    Problem.TOO_MANY: _("There are too many of these."),
    Problem.UNKNOWN_KIND: _("There is no such kind of field."),
    Problem.TWICE: _("This is there twice."),
    Problem.BAD_KEY: _(
        "A key has lower-case letters, digits and underscores, begins with a letter, and is its own."
    ),
    Problem.NO_LABEL: _("Give it a label in at least one language."),
    Problem.TOO_LONG: _("This is too long."),
    Problem.NO_OPTIONS: _("Add at least one choice."),
    Problem.OPTIONS_NOT_ALLOWED: _("This kind of field has no choices of its own."),
    Problem.NO_CONTACT: _(
        "Add the field for the e-mail address or for the mobile number: nobody could be reached."
    ),
    Problem.UNKNOWN_PURPOSE: _("There is no such purpose."),
    Problem.NO_CONSENT_TEXT: _("Write what the visitor agrees to, in at least one language."),
    Problem.BAD_ADDRESS: _("This is not a web address. It begins with https://."),
}

DEFAULT_CONSENTS: dict[ConsentPurpose, tuple[str, str]] = {
    ConsentPurpose.PRIVACY: (
        "我同意贵公司为答复本次咨询处理我提交的个人信息。",
        "I agree that my data is used to answer this request.",
    ),
    ConsentPurpose.MARKETING: (
        "我愿意接收产品与活动资讯，可随时退订。",
        "I would like to hear about products and events. I can unsubscribe at any time.",
    ),
}
"""Consent texts in Chinese and English that a new form starts with; marketing and counsel replace them."""
