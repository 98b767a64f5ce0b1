"""The words of consent: channels, purposes, on what ground one may speak, and why not."""

from enum import StrEnum

from huoju.core.text import msgid


class Channel(StrEnum):
    """By which way somebody is reached."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"  # a person calls
    WECHAT = "wechat"  # official account or WeCom


CHANNEL_LABELS: dict[Channel, str] = {
    Channel.EMAIL: msgid("E-mail"),
    Channel.SMS: msgid("SMS"),
    Channel.PHONE: msgid("Phone calls"),
    Channel.WECHAT: msgid("WeChat"),
}


class Purpose(StrEnum):
    """What for. The codes are those of the boxes on our forms."""

    MARKETING = "marketing"  # products, events, offers that nobody asked for
    INQUIRY = "privacy"  # answering what they asked: the box "you may use my data to answer"
    SERVICE = "service"  # what a contract brings with it: delivery, invoices, security notices


PURPOSE_LABELS: dict[Purpose, str] = {
    Purpose.MARKETING: msgid("News and offers"),
    Purpose.INQUIRY: msgid("Answers to requests"),
    Purpose.SERVICE: msgid("Contract and service"),
}


class Basis(StrEnum):
    """What the law of a place asks for before one speaks."""

    CONSENT = "consent"  # a yes before; exceptions stand in the rule
    OPT_OUT = "opt_out"  # until they object
    REQUEST = "request"  # because they asked, or agreed
    CONTRACT = "contract"  # because a contract needs it


BASIS_LABELS: dict[Basis, str] = {
    Basis.CONSENT: msgid("With consent"),
    Basis.OPT_OUT: msgid("Until they object"),
    Basis.REQUEST: msgid("When they asked"),
    Basis.CONTRACT: msgid("As the contract needs it"),
}


class DoubleOptIn(StrEnum):
    """Whether a yes has to be confirmed from the mail box that it is for."""

    NO = ""
    RECOMMENDED = "recommended"
    REQUIRED = "required"


DOUBLE_OPT_IN_LABELS: dict[DoubleOptIn, str] = {
    DoubleOptIn.NO: msgid("Not asked for"),
    DoubleOptIn.RECOMMENDED: msgid("Recommended"),
    DoubleOptIn.REQUIRED: msgid("Required by law"),
}


class Footer(StrEnum):
    """What a message has to carry."""

    SENDER = "sender"
    UNSUBSCRIBE = "unsubscribe"
    POSTAL = "postal"
    AD_LABEL = "ad_label"


FOOTER_LABELS: dict[Footer, str] = {
    Footer.SENDER: msgid("who sends it"),
    Footer.UNSUBSCRIBE: msgid("how to unsubscribe"),
    Footer.POSTAL: msgid("a postal address"),
    Footer.AD_LABEL: msgid("a label that it is advertising"),
}


class Answer(StrEnum):
    """What somebody said. Silence is no answer and has no row."""

    GIVEN = "given"  # yes
    CONFIRMED = "confirmed"  # yes, confirmed from the mail box (double opt-in)
    PENDING = "pending"  # yes on a form, the mail box has not confirmed it yet
    DECLINED = "declined"  # no, when asked
    WITHDRAWN = "withdrawn"  # no, after a yes or an unsubscribe


YES = frozenset({Answer.GIVEN, Answer.CONFIRMED})
NO = frozenset({Answer.DECLINED, Answer.WITHDRAWN})


class ListKind(StrEnum):
    """What being on a list means."""

    ERASED = "erased"  # had themselves erased: never again, whatever comes in
    UNSUBSCRIBED = "unsubscribed"  # asked for no more advertising at this address
    REGISTER = "register"  # a public do-not-call register (DNCL, TPS, DNC …)
    BLACK = "black"  # ours: nobody there is contacted
    WHITE = "white"  # ours: a black list does not count


LIST_LABELS: dict[ListKind, str] = {
    ListKind.ERASED: msgid("Erased persons"),
    ListKind.UNSUBSCRIBED: msgid("Unsubscribed"),
    ListKind.REGISTER: msgid("Do-not-call register"),
    ListKind.BLACK: msgid("Blacklist"),
    ListKind.WHITE: msgid("Whitelist"),
}


LIST_MEANINGS: dict[ListKind, str] = {
    ListKind.ERASED: msgid("Never contacted again, whatever comes in."),
    ListKind.UNSUBSCRIBED: msgid("No more news and offers to these addresses."),
    ListKind.REGISTER: msgid("A public register; the law of its country says when it counts."),
    ListKind.BLACK: msgid("Never contacted, but for what a contract needs."),
    ListKind.WHITE: msgid("A blacklist does not count for these addresses."),
}


class Reason(StrEnum):
    """Why one may speak, or not."""

    CONSENT = "consent"
    CUSTOMER = "customer"
    INQUIRED = "inquired"
    BUSINESS = "business"
    NOT_OBJECTED = "not_objected"
    CONTRACT = "contract"
    UNKNOWN_PERSON = "unknown_person"
    ERASED = "erased"
    NO_ADDRESS = "no_address"
    SAID_NO = "said_no"
    UNSUBSCRIBED = "unsubscribed"
    BLACKLISTED = "blacklisted"
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    OTHER_ADDRESS = "other_address"
    ON_REGISTER = "on_register"
    REGISTER_UNCHECKED = "register_unchecked"
    NOT_ASKED_FOR = "not_asked_for"
    NO_CONSENT = "no_consent"


REASON_LABELS: dict[Reason, str] = {
    Reason.CONSENT: msgid("They agreed."),
    Reason.CUSTOMER: msgid("They are a customer; similar products may be offered."),
    Reason.INQUIRED: msgid("They asked us."),
    Reason.BUSINESS: msgid("A work address; businesses may be written to until they object."),
    Reason.NOT_OBJECTED: msgid("They have not objected."),
    Reason.CONTRACT: msgid("The contract needs it."),
    Reason.UNKNOWN_PERSON: msgid("Nobody with this number is known."),
    Reason.ERASED: msgid("They had their data erased."),
    Reason.NO_ADDRESS: msgid("There is no address for this channel."),
    Reason.SAID_NO: msgid("They said no."),
    Reason.UNSUBSCRIBED: msgid("This address is unsubscribed."),
    Reason.BLACKLISTED: msgid("On a blacklist."),
    Reason.UNCONFIRMED: msgid("They agreed, but the mail box has not confirmed it."),
    Reason.EXPIRED: msgid("Their consent has expired."),
    Reason.OTHER_ADDRESS: msgid("They agreed for another address."),
    Reason.ON_REGISTER: msgid("On a do-not-call register."),
    Reason.REGISTER_UNCHECKED: msgid("The do-not-call register has not been checked lately."),
    Reason.NOT_ASKED_FOR: msgid("They asked for nothing."),
    Reason.NO_CONSENT: msgid("They have not agreed."),
}

ALLOWING = frozenset(
    {Reason.CONSENT, Reason.CUSTOMER, Reason.INQUIRED, Reason.BUSINESS, Reason.NOT_OBJECTED, Reason.CONTRACT}
)
