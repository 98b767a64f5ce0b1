"""The policy table that ships with Huoju. Conservative, and no legal advice: docs/consent.md says how it was made.

Where national law leaves room (work addresses of named persons, customers of long ago), the row takes the narrower
reading. Who knows better saves another version.
"""

from typing import Any

from huoju.core.text import msgid

from .rules import EVERYWHERE

REVIEWED = "2026-11-21"
_WRITTEN = ("email", "sms")
_CALLS = ("phone",)
_EU_FOOTER = ("sender", "unsubscribe")


def _row(
    countries: str,
    channels: tuple[str, ...],
    basis: str,
    source: str,
    *,
    purpose: str = "marketing",
    **more: Any,
) -> dict[str, Any]:
    return {
        "countries": countries.split(),
        "channels": list(channels),
        "purpose": purpose,
        "basis": basis,
        "customers": more.get("customers"),
        "inquirers": more.get("inquirers"),
        "business": more.get("business", False),
        "double_opt_in": more.get("double_opt_in", ""),
        "register": more.get("register", ""),
        "register_days": more.get("register_days", 31),
        "footer": list(more.get("footer", _EU_FOOTER)),
        "source": source,
        "reviewed": REVIEWED,
        "note": "",
    }


# Country; what transposes article 13 of Directive 2002/58/EC for e-mail and SMS; whether work addresses are open;
# whether a yes has to be confirmed; calls: their source, and the register if calls are open until somebody objects.
_EUROPE: tuple[tuple[str, str, bool, str, str, str], ...] = (
    ("AT", "TKG 2021 § 174 (3)–(4); ECG § 7", False, "recommended", "TKG 2021 § 174 (1)", ""),
    (
        "BE",
        "Code of Economic Law art. XII.13; Royal Decree of 4 April 2003",
        False,
        "",
        "Code of Economic Law art. VI.111–VI.112",
        "Ne m'appelez plus / Bel-me-niet-meer",
    ),
    ("BG", "Electronic Communications Act art. 261", False, "", "Electronic Communications Act art. 261 (1)", ""),
    ("HR", "Electronic Communications Act (76/2022) art. 50", False, "", "Electronic Communications Act art. 50", ""),
    ("CY", "Law 112(I)/2004 s. 106", False, "", "Law 112(I)/2004 s. 106", ""),
    ("CZ", "Act 480/2004 § 7", False, "", "Act 127/2005 §§ 95–96", ""),
    ("DE", "UWG § 7 (2) no. 2, (3)", False, "required", "UWG § 7 (2) no. 1, § 7a", ""),
    ("DK", "Marketing Practices Act § 10", False, "", "Consumer Contracts Act §§ 4–5", ""),
    ("EE", "Electronic Communications Act § 103¹", False, "", "Electronic Communications Act § 103¹", ""),
    ("ES", "LSSI (Law 34/2002) art. 21", False, "", "LGTel (Law 11/2022) art. 66.1.b", ""),
    (
        "FI",
        "Act on Electronic Communications Services 917/2014 §§ 200, 202",
        True,
        "",
        "Act on Electronic Communications Services 917/2014 § 200 (calls: consent taken as the rule here)",
        "",
    ),
    (
        "FR",
        "CPCE art. L34-5; CNIL guidance on prospecting of professionals",
        True,
        "",
        "Code de la consommation art. L223-1 as of Law 2025-594 (consent, from 11 August 2026)",
        "",
    ),
    ("GR", "Law 3471/2006 art. 11 (1), (3)", False, "", "Law 3471/2006 art. 11 (2)", "Register of art. 11 (2)"),
    ("HU", "Act XLVIII of 2008 § 6", False, "", "Act C of 2003 § 162", ""),
    ("IE", "S.I. 336/2011 reg. 13 (1), (4), (11)", True, "", "S.I. 336/2011 reg. 13 (5)–(6)", ""),
    ("IT", "D.Lgs. 196/2003 art. 130 (1)–(2), (4)", False, "", "D.Lgs. 196/2003 art. 130 (3); D.P.R. 26/2022", "RPO"),
    ("LV", "Law on Information Society Services s. 9", False, "", "Law on Information Society Services s. 9", ""),
    ("LT", "Law on Electronic Communications art. 81", False, "", "Law on Electronic Communications art. 81", ""),
    ("LU", "Law of 30 May 2005 art. 11", False, "", "Law of 30 May 2005 art. 11", ""),
    ("MT", "S.L. 586.01 reg. 9", False, "", "S.L. 586.01 reg. 9", ""),
    ("NL", "Telecommunicatiewet art. 11.7", False, "", "Telecommunicatiewet art. 11.7", ""),
    ("PL", "Electronic Communications Law of 12 July 2024 art. 398", False, "",
     "Electronic Communications Law of 12 July 2024 art. 398", ""),
    ("PT", "Law 41/2004 art. 13-A", False, "", "Law 41/2004 art. 13-A", ""),
    ("RO", "Law 506/2004 art. 12", False, "", "Law 506/2004 art. 12", ""),
    ("SE", "Marketing Act 2008:486 §§ 19–20", True, "", "Marketing Act 2008:486 § 21", "NIX"),
    ("SI", "ZEKom-2 art. 226", False, "", "ZEKom-2 art. 226", ""),
    ("SK", "Act 452/2021 § 116", False, "", "Act 452/2021 § 116", ""),
    ("IS", "Electronic Communications Act 70/2022; Directive 2002/58/EC art. 13", False, "",
     "Electronic Communications Act 70/2022", ""),
    ("LI", "Communications Act (KomG); Directive 2002/58/EC art. 13", False, "", "Communications Act (KomG)", ""),
    ("NO", "Marketing Control Act 2009 § 15", False, "", "Marketing Control Act §§ 12–13", "Reservasjonsregisteret"),
)  # fmt: skip


def _europe() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for country, written, business, double, calls, register in _EUROPE:
        rows.append(
            _row(
                country,
                ("email",),
                "consent",
                f"{written}; GDPR art. 6–7",
                customers=0,
                business=business,
                double_opt_in=double,
            )
        )
        rows.append(_row(country, ("sms",), "consent", f"{written}; GDPR art. 6–7", customers=0))
        rows.append(
            _row(
                country,
                _CALLS,
                "opt_out" if register else "consent",
                calls,
                register=register,
                footer=("sender",),
            )
        )
    return rows  # fmt: skip


def _others() -> list[dict[str, Any]]:
    advert = ("sender", "unsubscribe", "ad_label")
    return [
        _row("GB", ("email",), "consent", "PECR 2003 reg. 22 (corporate subscribers: UK GDPR art. 6 (1)(f))",
             customers=0, business=True),
        _row("GB", ("sms",), "consent", "PECR 2003 reg. 22", customers=0),
        _row("GB", _CALLS, "opt_out", "PECR 2003 reg. 21", register="TPS / CTPS", register_days=28, footer=("sender",)),
        _row("CH", _WRITTEN, "consent", "UCA (UWG) art. 3 (1)(o)", customers=0, double_opt_in="recommended"),
        _row("CH", _CALLS, "consent", "UCA (UWG) art. 3 (1)(u)–(v)", footer=("sender",)),
        _row("CN", ("email",), "consent",
             "PIPL arts. 13–15, 24; Advertising Law arts. 43–44; Internet E-mail Service Measures arts. 13–14",
             footer=advert),
        _row("CN", ("sms",), "consent",
             "PIPL arts. 13–15; Advertising Law art. 43; SMS Service Provisions arts. 18–20"),
        _row("CN", _CALLS, "consent", "PIPL arts. 13–15; Advertising Law art. 43; NPC Decision of 28 Dec 2012 art. 7",
             footer=("sender",)),
        _row("HK", ("email", "sms"), "consent", "PDPO (Cap. 486) ss. 35C–35H; UEMO (Cap. 593) Part 2"),
        _row("HK", _CALLS, "consent", "PDPO (Cap. 486) ss. 35C–35H", footer=("sender",)),
        _row("TW", ("email", "sms"), "consent", "PDPA arts. 19–20", customers=0),
        _row("TW", _CALLS, "consent", "PDPA arts. 19–20", customers=0, footer=("sender",)),
        _row("US", ("email",), "opt_out", "CAN-SPAM Act, 15 U.S.C. § 7704(a); 16 C.F.R. Part 316",
             footer=("sender", "unsubscribe", "postal", "ad_label")),
        _row("US", ("sms",), "consent", "TCPA, 47 U.S.C. § 227; 47 C.F.R. § 64.1200(a)(2), (f)(9)"),
        _row("US", _CALLS, "opt_out", "TCPA; 47 C.F.R. § 64.1200(c)(2); 16 C.F.R. § 310.4(b)(1)(iii)",
             register="National Do Not Call Registry", footer=("sender",)),
        _row("CA", _WRITTEN, "consent", "CASL, S.C. 2010 c. 23, ss. 6, 10 (9)–(10)", customers=730, inquirers=182,
             footer=("sender", "unsubscribe", "postal")),
        _row("CA", _CALLS, "opt_out", "CRTC Unsolicited Telecommunications Rules, Part II", register="National DNCL",
             footer=("sender",)),
        _row("SG", ("email",), "consent", "PDPA 2012 ss. 4 (5), 13–15; Spam Control Act 2007 s. 11", business=True,
             footer=advert),
        _row("SG", ("sms", "phone"), "opt_out", "PDPA 2012 ss. 43–44", register="DNC Registry", register_days=21,
             footer=("sender",)),
        _row("JP", _WRITTEN, "consent", "Act No. 26 of 2002 arts. 3–4", customers=0),
        _row("JP", _CALLS, "consent", "Act on Specified Commercial Transactions arts. 16–17; APPI", customers=0,
             footer=("sender",)),
        _row("AU", _WRITTEN, "consent", "Spam Act 2003 (Cth) ss. 16–18, Sch. 2", customers=730),
        _row("AU", _CALLS, "opt_out", "Do Not Call Register Act 2006 (Cth) s. 11", register="Do Not Call Register",
             register_days=30, footer=("sender",)),
        _row("BR", ("email",), "consent", "LGPD (Law 13.709/2018) arts. 7–8, 18; CAPEM", customers=0),
        _row("BR", ("sms", "phone"), "consent", "LGPD (Law 13.709/2018) arts. 7–8, 18; Consumer Code art. 6"),
        _row("IN", ("email",), "consent", "DPDP Act 2023 ss. 4–7"),
        _row("IN", ("sms", "phone"), "consent", "TCCCPR 2018; DPDP Act 2023 ss. 4–7"),
    ]  # fmt: skip


def _everywhere() -> list[dict[str, Any]]:
    everything = ("email", "sms", "phone", "wechat")
    return [
        _row(EVERYWHERE, everything, "consent",
             msgid("Strict default: consent first, as GDPR art. 6–7 and PIPL arts. 13–15 ask for it"),
             footer=("sender", "unsubscribe", "postal")),
        _row(EVERYWHERE, everything, "request",
             msgid("Steps at the person's request: GDPR art. 6 (1)(b), PIPL art. 13 (1)(2)"),
             purpose="privacy", inquirers=365, customers=0, footer=("sender",)),
        _row(EVERYWHERE, everything, "contract",
             msgid("Performance of a contract: GDPR art. 6 (1)(b), PIPL art. 13 (1)(2), 16 C.F.R. § 316.3(c)"),
             purpose="service", footer=("sender",)),
    ]  # fmt: skip


def shipped() -> list[dict[str, Any]]:
    """The rows of version 1."""
    return [*_europe(), *_others(), *_everywhere()]
