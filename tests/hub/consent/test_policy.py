"""The policy table from the recipient's side: for every country what is open, with and without a word from them."""

import random

import pytest

from huoju.hub.consent.policy import (
    EVERYWHERE,
    Basis,
    Channel,
    DoubleOptIn,
    Entry,
    EntryKind,
    EntryProblem,
    Footer,
    ListKind,
    PolicyTable,
    Purpose,
    Reason,
    Situation,
    decide,
    parse,
    read_entry,
    rows_of,
    shipped,
    validate,
)
from huoju.hub.identity.policy import Phone, normalise_phone

TABLE = parse(1, shipped())
FRESH = {(country, channel.value): 3 for country in TABLE.countries() for channel in Channel}

# Who they are, for marketing. A person with a work address; who bought a year ago; who asked a month ago.
STRANGER = Situation()
AT_WORK = Situation(business=True)
CUSTOMER = Situation(bought_days=365)
ASKED = Situation(asked_days=30)
SAID_YES = Situation(yes=True)
CONFIRMED = Situation(yes=True, confirmed=True)

# In each cell, to whom one may write or call who never said anything: s a stranger, b somebody at a work address,
# c a customer, i somebody who asked; "-" to nobody without a yes. Calls marked ! need a fresh copy of the register.
#        e-mail   SMS     calls
OPEN = {
    "AT": ("c", "c", "-"),
    "BE": ("c", "c", "!sbci"),
    "BG": ("c", "c", "-"),
    "CY": ("c", "c", "-"),
    "CZ": ("c", "c", "-"),
    "DE": ("c", "c", "-"),
    "DK": ("c", "c", "-"),
    "EE": ("c", "c", "-"),
    "ES": ("c", "c", "-"),
    "FI": ("bc", "c", "-"),
    "FR": ("bc", "c", "-"),
    "GR": ("c", "c", "!sbci"),
    "HR": ("c", "c", "-"),
    "HU": ("c", "c", "-"),
    "IE": ("bc", "c", "-"),
    "IT": ("c", "c", "!sbci"),
    "LT": ("c", "c", "-"),
    "LU": ("c", "c", "-"),
    "LV": ("c", "c", "-"),
    "MT": ("c", "c", "-"),
    "NL": ("c", "c", "-"),
    "PL": ("c", "c", "-"),
    "PT": ("c", "c", "-"),
    "RO": ("c", "c", "-"),
    "SE": ("bc", "c", "!sbci"),
    "SI": ("c", "c", "-"),
    "SK": ("c", "c", "-"),
    "IS": ("c", "c", "-"),
    "LI": ("c", "c", "-"),
    "NO": ("c", "c", "!sbci"),
    "GB": ("bc", "c", "!sbci"),
    "CH": ("c", "c", "-"),
    "CN": ("-", "-", "-"),
    "HK": ("-", "-", "-"),
    "TW": ("c", "c", "c"),
    "US": ("sbci", "-", "!sbci"),
    "CA": ("ci", "ci", "!sbci"),
    "SG": ("b", "!sbci", "!sbci"),
    "JP": ("c", "c", "c"),
    "AU": ("c", "c", "!sbci"),
    "BR": ("c", "-", "-"),
    "IN": ("-", "-", "-"),
    EVERYWHERE: ("-", "-", "-"),
}
CELLS = [
    (country, channel, cell)
    for country, cells in OPEN.items()
    for channel, cell in zip((Channel.EMAIL, Channel.SMS, Channel.PHONE), cells, strict=True)
]


def ask(
    situation: Situation,
    country: str,
    channel: Channel,
    purpose: Purpose = Purpose.MARKETING,
    registers: dict[tuple[str, str], int] | None = None,
) -> Reason:
    placed = situation._replace(country=country if country != EVERYWHERE else "")
    verdict = decide(placed, channel, purpose, TABLE, FRESH if registers is None else registers)
    if purpose is Purpose.MARKETING and channel is not Channel.WECHAT:
        assert verdict.place == country
    return verdict.reason


def test_every_place_of_the_table_is_tested() -> None:
    assert {*TABLE.countries(), EVERYWHERE} == set(OPEN)
    assert len(OPEN) == 27 + 3 + 12 + 1  # EU, EEA, the others, everywhere


@pytest.mark.parametrize(("country", "channel", "cell"), CELLS, ids=[f"{c}-{ch.value}" for c, ch, _ in CELLS])
def test_who_may_be_contacted_in_each_place(country: str, channel: Channel, cell: str) -> None:
    opened = "".join(
        letter
        for letter, who in (("s", STRANGER), ("b", AT_WORK), ("c", CUSTOMER), ("i", ASKED))
        if ask(who, country, channel)
        in (Reason.NOT_OBJECTED, Reason.BUSINESS, Reason.CUSTOMER, Reason.INQUIRED)
    )
    assert (opened or "-") == cell.removeprefix("!")
    if cell.startswith("!"):
        assert ask(STRANGER, country, channel, registers={}) is Reason.REGISTER_UNCHECKED
        on_it = STRANGER._replace(listed=frozenset({ListKind.REGISTER}))
        assert ask(on_it, country, channel) is Reason.ON_REGISTER
        assert ask(on_it._replace(yes=True), country, channel, registers={}) is Reason.CONSENT


@pytest.mark.parametrize("country", OPEN)
def test_in_every_place_a_no_closes_and_a_confirmed_yes_opens(country: str) -> None:
    for channel in Channel:
        for purpose in Purpose:
            assert ask(CONFIRMED, country, channel, purpose) is Reason.CONSENT
            for who in (STRANGER, AT_WORK, CUSTOMER, ASKED, CONFIRMED):
                assert ask(who._replace(no=True), country, channel, purpose) is Reason.SAID_NO
        for who in (CUSTOMER, CONFIRMED):
            gone = who._replace(listed=frozenset({ListKind.UNSUBSCRIBED, ListKind.WHITE}))
            assert ask(gone, country, channel) is Reason.UNSUBSCRIBED
            erased = who._replace(listed=frozenset({ListKind.ERASED, ListKind.WHITE}))
            assert ask(erased, country, channel, Purpose.SERVICE) is Reason.ERASED
        assert ask(STRANGER, country, Channel.WECHAT) is Reason.NO_CONSENT


@pytest.mark.parametrize("country", OPEN)
def test_in_every_place_requests_are_answered_and_contracts_served(country: str) -> None:
    for channel in Channel:
        assert ask(STRANGER, country, channel, Purpose.INQUIRY) is Reason.NOT_ASKED_FOR
        assert ask(ASKED, country, channel, Purpose.INQUIRY) is Reason.INQUIRED
        assert ask(CUSTOMER, country, channel, Purpose.INQUIRY) is Reason.CUSTOMER
        assert ask(Situation(asked_days=366), country, channel, Purpose.INQUIRY) is Reason.NOT_ASKED_FOR
        assert ask(STRANGER, country, channel, Purpose.SERVICE) is Reason.CONTRACT


def test_germany_asks_for_a_confirmation_of_mail_only() -> None:
    for country in OPEN:
        expected = Reason.UNCONFIRMED if country == "DE" else Reason.CONSENT
        if country != "US":
            assert ask(SAID_YES, country, Channel.EMAIL) is expected
        assert ask(SAID_YES, country, Channel.SMS) is Reason.CONSENT
    assert ask(SAID_YES._replace(bought_days=5), "DE", Channel.EMAIL) is Reason.CUSTOMER


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (Situation(known=False, yes=True), Reason.UNKNOWN_PERSON),
        (Situation(address=False, yes=True), Reason.NO_ADDRESS),
        (Situation(yes=True, listed=frozenset({ListKind.BLACK})), Reason.BLACKLISTED),
        (Situation(yes=True, listed=frozenset({ListKind.BLACK, ListKind.WHITE})), Reason.CONSENT),
        (Situation(pending=True), Reason.UNCONFIRMED),
        (Situation(expired=True, elsewhere=True), Reason.EXPIRED),
        (Situation(elsewhere=True), Reason.OTHER_ADDRESS),
        (Situation(), Reason.NO_CONSENT),
    ],
)
def test_the_reason_is_the_first_that_holds(situation: Situation, reason: Reason) -> None:
    assert ask(situation, "CN", Channel.EMAIL) is reason


def test_more_rights_never_open_less() -> None:
    """A yes never closes what was open; a no or a list never opens anything."""
    dice = random.Random(7)
    open_ = {
        Reason.CONSENT,
        Reason.CUSTOMER,
        Reason.INQUIRED,
        Reason.BUSINESS,
        Reason.NOT_OBJECTED,
        Reason.CONTRACT,
    }
    for _ in range(3_000):
        no, yes, pending, expired, elsewhere, business = (dice.random() < 0.3 for _ in range(6))
        who = Situation(
            no=no,
            yes=yes,
            pending=pending,
            expired=expired,
            elsewhere=elsewhere,
            business=business,
            bought_days=dice.choice((None, 3, 800)),
            asked_days=dice.choice((None, 3, 800)),
        )
        country, channel, purpose = dice.choice([*OPEN]), dice.choice([*Channel]), dice.choice([*Purpose])
        before = ask(who, country, channel, purpose) in open_
        assert not before or ask(who._replace(yes=True, confirmed=True), country, channel, purpose) in open_
        for worse in (who._replace(no=True), who._replace(listed=frozenset({ListKind.ERASED}))):
            assert ask(worse, country, channel, purpose) not in open_


def test_every_row_says_where_it_is_from_and_what_a_message_must_carry() -> None:
    assert validate(TABLE) == []
    assert parse(1, rows_of(TABLE.rules)) == TABLE
    for rule in TABLE.rules:
        assert rule.source
        assert Footer.SENDER in rule.footer
        if rule.purpose is Purpose.MARKETING and Channel.EMAIL in rule.channels:
            assert Footer.UNSUBSCRIBE in rule.footer
        assert rule.basis is not Basis.OPT_OUT or rule.register or rule.channels == (Channel.EMAIL,)
    assert Footer.POSTAL in TABLE.rule_for("US", Channel.EMAIL, Purpose.MARKETING)[1].footer
    assert TABLE.rule_for("DE", Channel.EMAIL, Purpose.MARKETING)[1].double_opt_in is DoubleOptIn.REQUIRED


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"countries": ["EU"]}, "There is no country “EU”."),
        ({"source": " "}, "A row of CN has no source."),
    ],
)
def test_a_table_without_sense_is_refused(change: dict[str, object], said: str) -> None:
    row = {**next(row for row in shipped() if row["countries"] == ["CN"]), **change}
    rest = [row for row in shipped() if row["countries"] != ["CN"]]
    assert validate(parse(2, [*rest, row])) == [said]


def test_gaps_and_doubles_are_refused() -> None:
    rows = shipped()
    assert len(validate(parse(2, rows[:-1]))) == len(Channel)
    with pytest.raises(ValueError, match="two rows"):
        parse(2, [*rows, rows[0]])
    with pytest.raises(ValueError, match="list of rows"):
        parse(2, {"rows": rows})
    assert isinstance(parse(2, rows), PolicyTable)


@pytest.mark.parametrize(
    ("raw", "entry"),
    [
        ("13800138000", Entry(EntryKind.MOBILE, "+8613800138000")),
        ("+86 138-0013-8000", Entry(EntryKind.MOBILE, "+8613800138000")),
        ("＋８６１３８００１３８０００", Entry(EntryKind.MOBILE, "+8613800138000")),
        (" Li.Na+x@GMAIL.com ", Entry(EntryKind.EMAIL, "lina@gmail.com")),
        ("@Rival.cn", Entry(EntryKind.DOMAIN, "rival.cn")),
        ("rival.com.cn", Entry(EntryKind.DOMAIN, "rival.com.cn")),
        ("+86 17*", Entry(EntryKind.PREFIX, "+8617")),
        ("", EntryProblem.EMPTY),
        ("not@", EntryProblem.UNREADABLE),
        ("12345", EntryProblem.UNREADABLE),
    ],
)
def test_lines_of_lists(raw: str, entry: Entry | EntryProblem) -> None:
    assert read_entry(raw) == entry


@pytest.mark.parametrize(
    "written",
    [
        "6045550100",
        "604-555-0100",
        "(604) 555-0100",
        "604.555.0100",
        "1 604 555 0100",
        "+1 604-555-0100",
        "+16045550100",
    ],
)
def test_american_numbers_are_read_like_all_others_only_faster(written: str) -> None:
    phone = normalise_phone(written, "CA")
    assert isinstance(phone, Phone)
    assert read_entry(written, "CA") == Entry(EntryKind.MOBILE, phone.e164)


def test_what_is_no_american_number_is_none() -> None:
    assert read_entry("604-155-0100", "CA") is EntryProblem.UNREADABLE
    assert read_entry("6045550100", "CN") is EntryProblem.UNREADABLE
