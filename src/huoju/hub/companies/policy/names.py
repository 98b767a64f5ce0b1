"""Company names: what is shown, the key at which two spellings meet, and the core that people remember."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from stdnum.cn import uscc as stdnum_uscc

from huoju.core.geo import PROVINCES, REGIONS, Region, districts, region_of
from huoju.core.mail import identifies_company
from huoju.core.text import clean, has_han, simplify

_DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A usable company name.

    `display` is the name as written, tidied. Two names with one `key` are one company: width, script,
    brackets, spaces, 省/市 behind a leading region and the legal form do not count (a branch, 分公司, is kept
    apart). `core` is the key without region and trade: 火炬 for 北京火炬科技有限公司. `region` is the region
    that leads the name.
    """

    display: str
    key: str
    core: str
    region: Region | None = None
    branch: str = ""


class Unusable(StrEnum):
    """Why text is no company name."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"  # 无, N/A
    TEST = "test"
    PERSONAL = "personal"  # 个人, 自由职业
    STUDENT = "student"
    GENERIC = "generic"  # 科技公司: a kind of company, not one
    CONTACT = "contact"  # a telephone number, mail or web address
    NONSENSE = "nonsense"


_PLACEHOLDERS = frozenset(
    {
        "无",
        "没有",
        "暂无",
        "不详",
        "未知",
        "保密",
        "不便透露",
        "不知道",
        "没",
        "空",
        "略",
        "其他",
        "其它",
        "某公司",
        "暂时没有",
    }
    | {
        "na",
        "none",
        "null",
        "nil",
        "no",
        "unknown",
        "other",
        "undefined",
        "nan",
        "xxx",
        "xx",
        "x",
        "tbd",
        "未填写",
        "未填",
    }
    | {
        "无公司",
        "没有公司",
        "暂无公司",
        "nocompany",
        "待定",
        "同上",
        "本公司",
        "我司",
        "公司名称",
        "公司名",
        "companyname",
        "company",
    }
)
_PERSONAL = frozenset(
    {
        "个人",
        "自由职业",
        "自由职业者",
        "个体",
        "私人",
        "自己",
        "个人用户",
        "个人开发者",
        "待业",
        "无业",
        "自由",
        "自由人",
        "散户",
        "退休",
    }
    | {
        "personal",
        "individual",
        "self",
        "selfemployed",
        "freelance",
        "freelancer",
        "private",
        "me",
        "myself",
        "home",
        "家庭",
    }
)
_STUDENT = frozenset(
    {
        "学生",
        "在校学生",
        "在校生",
        "大学生",
        "研究生",
        "student",
        "学校",
        "大学",
        "school",
        "university",
        "college",
    }
)
_TEST = re.compile(
    r"^(?:test|tests|testing|demo|asdf|qwer|qwerty|aaa|abc|abcd|123)\d*$|^test\b|\btest$|\btest company\b|"
    r"^测试(?:公司|企业|用户|账号|帐号|数据|一下|单位|机构|专用|有限公司|勿动|勿删|请忽略|[\da-z])*$|^.{0,3}测试$"
)
_CONTACT = re.compile(r"@|https?:|www\.|^\+?[\d\s-]{7,}$")
_LONGEST_INPUT = 400
_PUNCTUATION = re.compile(r"[\W_]+")
_HAN_ONLY = re.compile(r"[一-鿿]+")
_BRACKETS = str.maketrans(
    {
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "【": "(",
        "】": ")",
        "〔": "(",
        "〕": ")",
        "<": "(",
        ">": ")",
        "《": "(",
        "》": ")",
    }
)
_OPEN_END = re.compile(r"\([^()]*$")

# Only what says how a firm is constituted, nothing of what it does.
_FORMS = frozenset(
    {
        "股份有限责任公司",
        "有限责任股份公司",
        "有限责任公司",
        "责任有限公司",
        "股份有限公司",
        "有限股份公司",
        "特殊普通合伙",
        "有限公司",
        "股份公司",
        "普通合伙",
        "有限合伙",
        "有限责任",
        "股份有限",
        "总公司",
        "公司",
        "有限",
    }
)
_FORM_LENGTHS = sorted({len(form) for form in _FORMS}, reverse=True)
_BRANCH = re.compile(
    r"(.{4,}?(?:公司|集团|控股|股份|银行|厂))(.{0,12}(?:分公司|子公司|支公司|分行|支行|办事处|分店|营业部|事业部|分部))"
)
_LATIN_FORM = re.compile(
    r"(?:[\s,.]+(?:co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|lp|plc|gmbh|ag|kg|se|sa|sas|sarl|"
    r"srl|spa|bv|nv|oy|ab|as|aps|kk|pty|pte|pvt|bhd|sdn|kft|sro|doo|group|holdings?)\b\.?)+$"
)
_INSIDE_BRACKETS = re.compile(r"\((\w+)\)")
_COUNTRY_IN_BRACKETS = re.compile(r"\((?:china|中国)\)")
_KEYBOARD = re.compile(
    r"^(?:asd|qwe|zxc|qaz|wsx|jkl|fgh|dfg|sdf|ghj|hjk|wer|ert|tyu|yui|uio|xcv|cvb|vbn|bnm)[a-z]{0,7}$"
)


def normalise_company(raw: str) -> CompanyName | Unusable:
    """The name in `raw`, or why it cannot name a company."""
    return _normalise(raw[:_LONGEST_INPUT])


@lru_cache(maxsize=65536)
def _normalise(raw: str) -> CompanyName | Unusable:
    if _HAN_ONLY.fullmatch(raw) is not None:
        return _han_name(raw)
    display = clean(raw).strip(" -_.,;:/\\|*#'\"“”、，。；：")
    if not display:
        return Unusable.EMPTY if not clean(raw) or not raw.strip() else Unusable.PLACEHOLDER
    text = simplify(display).casefold().translate(_BRACKETS)
    bare = _PUNCTUATION.sub("", text)
    if (reason := _unusable(text, bare)) is not None:
        return reason
    chinese = has_han(text)
    if chinese:
        display = display.replace("(", "（").replace(")", "）")
    text = _OPEN_END.sub("", text) or text
    main, branch = _split_branch(text)
    return _named(display, _chinese_name(main) if chinese else _latin_name(main), branch)


def _han_name(raw: str) -> CompanyName | Unusable:
    """`_normalise` for a name of common Han characters alone, as nearly all are: without what only marks, brackets
    and other scripts need."""
    text = simplify(raw)
    if text in _PLACEHOLDERS:
        return Unusable.PLACEHOLDER
    if text in _PERSONAL:
        return Unusable.PERSONAL
    if text in _STUDENT:
        return Unusable.STUDENT
    if "测试" in text and _TEST.search(text) is not None:
        return Unusable.TEST
    if len(text) < 2 or len(set(text)) == 1:
        return Unusable.NONSENSE
    main, branch = _split_branch(text)
    return _named(raw, _chinese_name(main), branch)


def _named(display: str, name: tuple[str, str, Region | None] | None, branch: str) -> CompanyName | Unusable:
    if name is None:
        return Unusable.GENERIC
    key, core, region = name
    return CompanyName(display[:200], (key + branch)[:200], core[:200], region, branch)


def _chinese_name(main: str) -> tuple[str, str, Region | None] | None:
    """Key, core and region of a name with Han characters; None if it names no single company."""
    inside_brackets: list[str] = []
    if "(" in main:
        main = _COUNTRY_IN_BRACKETS.sub("", main)
        inside_brackets = _INSIDE_BRACKETS.findall(main)
    region, rest = _leading_region(_PUNCTUATION.sub("", main))
    rest = _without_form(rest)
    if not rest or (region is None and _is_generic(rest)):
        return None
    key = (region.short_zh if region else "") + rest
    core = rest
    for inside in inside_brackets:  # 火炬科技（北京）
        if (place := region_of(inside)) is not None:
            region = region or place
            core = core.replace(inside, "", 1)
    core = _core(core)
    if region is None and (district := _DISTRICT.match(rest)) is not None and district[0] in districts():
        region = REGIONS[districts()[district[0]]]
    if _is_generic(core) or core in ("中国", "中华", "国家"):
        core = key
    return key, core, region


def _latin_name(main: str) -> tuple[str, str, Region | None] | None:
    rest = _COUNTRY_IN_BRACKETS.sub("", main).replace("&", " and ").strip(" ,.")
    key = _PUNCTUATION.sub("", _LATIN_FORM.sub("", rest).removeprefix("the "))
    return (key, key, None) if key else None


def _unusable(text: str, bare: str) -> Unusable | None:
    if not bare or bare in _PLACEHOLDERS:
        return Unusable.PLACEHOLDER
    if bare in _PERSONAL:
        return Unusable.PERSONAL
    if bare in _STUDENT:
        return Unusable.STUDENT
    if _TEST.search(text) is not None:
        return Unusable.TEST
    if _CONTACT.search(text) is not None:
        return Unusable.CONTACT
    if bare.isdecimal() or len(set(bare)) == 1 or len(bare) < 2 or _KEYBOARD.match(bare) is not None:
        return Unusable.NONSENSE
    return None


def _split_branch(text: str) -> tuple[str, str]:
    if not text.endswith(
        ("分公司", "子公司", "支公司", "分行", "支行", "办事处", "分店", "营业部", "事业部", "分部")
    ):
        return text, ""
    match = _BRANCH.fullmatch(_PUNCTUATION.sub("", text))
    return (match[1], match[2]) if match is not None else (text, "")


# Cities whose bare names lead more brands than firms of the place.
_BRANDS_FIRST = frozenset({"阿里"})
_DISTRICT = re.compile(r"[一-鿿]{2,4}?(?:自治县|区|县|镇|旗|市)(?=[一-鿿]{2,})")


@cache
def _region_prefixes() -> tuple[dict[str, Region], dict[str, list[int]]]:
    """Every way in which a province or city may lead a name, and how long those are that begin with the same two
    characters, the longest first."""
    names: dict[str, Region] = {}
    for region in REGIONS.values():
        names.setdefault(region.name_zh, region)
        if region.short_zh not in _BRANDS_FIRST:
            names.setdefault(region.short_zh, region)
    for region in PROVINCES:
        names[region.short_zh] = region
    return names, _lengths(names, lambda name: name[:2])


def _lengths(words: Iterable[str], part: Callable[[str], str]) -> dict[str, list[int]]:
    """The lengths of `words` that have a part in common, the longest first."""
    found: dict[str, set[int]] = {}
    for word in words:
        found.setdefault(part(word), set()).add(len(word))
    return {common: sorted(lengths, reverse=True) for common, lengths in found.items()}


def _leading_region(text: str) -> tuple[Region | None, str]:
    """The most precise province or city that leads `text`, and the text behind it."""
    names, lengths = _region_prefixes()
    region: Region | None = None
    text = text.removeprefix("中国") if len(text) > 6 else text
    while True:
        for length in lengths.get(text[:2], ()):
            found = names.get(text[:length])
            if (
                found is None
                or length > len(text) - 2
                or (region is not None and (found is region or found.province != region.code))
            ):
                continue
            if text[length] not in "县区" or text[length - 1] in "市省":  # 朝阳县 is no part of 朝阳市
                break
        else:
            return region, text
        region, text = found, text[length:]
        if text.startswith(("市", "省")) and len(text) > 3:
            text = text[1:]


def _without_form(text: str) -> str:
    for length in _FORM_LENGTHS:
        if text[-length:] in _FORMS:
            return text[:-length]
    return text


@cache
def _trades() -> tuple[frozenset[str], dict[str, list[int]]]:
    """What firms do, and how long the words are that end in the same two characters, the longest first."""
    words = set((_DATA / "trades.txt").read_text(encoding="utf-8").split())
    words |= set((_DATA / "legal_suffixes.txt").read_text(encoding="utf-8").split())
    words |= {
        "科技",
        "技术",
        "信息",
        "网络",
        "软件",
        "数据",
        "智能",
        "互联网",
        "云计算",
        "大数据",
        "人工智能",
        "系统",
        "计算机",
        "通信",
    }
    words |= {
        "发展",
        "开发",
        "国际",
        "控股",
        "传媒",
        "文化",
        "传播",
        "商务",
        "电商",
        "集成",
        "服务",
        "产业",
        "股份",
        "集团",
        "实业",
        "企业",
    }
    words |= {
        "咨询",
        "管理",
        "贸易",
        "投资",
        "工程",
        "建设",
        "设备",
        "制造",
        "工业",
        "生物",
        "医药",
        "教育",
        "新能源",
        "能源",
        "环保",
    }
    words |= {"大学", "学院", "医院", "中学", "小学", "研究院", "研究所"}
    trades = frozenset(word for word in words if len(word) > 1)
    return trades, _lengths(trades, lambda word: word[-2:])


def _strip_trade(text: str, least: int) -> str:
    trades, lengths = _trades()
    while True:
        for length in lengths.get(text[-2:], ()):
            if length <= len(text) - least and text[-length:] in trades:
                text = text[:-length]
                break
        else:
            return text


_SHOP = "行店厂坊馆部"


def _core(rest: str) -> str:
    """`rest` without the district before the brand and the trades behind it; two characters are left at
    least."""
    district = _DISTRICT.match(rest)
    if district is not None and (not district[0].endswith("市") or district[0] in districts()):
        rest = rest[district.end() :]
    core = _strip_trade(rest, 2)
    if core == rest and len(rest) > 4 and rest[-1] in _SHOP:
        core = _strip_trade(rest[:-1], 2)
    return core


def _is_generic(rest: str) -> bool:
    """Whether nothing but trades is left: 科技, 国际贸易."""
    return _strip_trade(rest, 0) == ""


# --- Registration numbers and domains -----------------------------------------------------------------------


def normalise_uscc(raw: str) -> str | None:
    """The unified social credit code (统一社会信用代码) in `raw`, 18 characters, or None if the check digit
    is wrong."""
    code = stdnum_uscc.compact(clean(raw)).replace(" ", "").replace("-", "")
    return code if stdnum_uscc.is_valid(code) else None


_SECOND_LEVEL = frozenset(
    {"com", "co", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "mil", "gob", "nom"}
)
_CN_PROVINCES = frozenset(
    {"bj", "sh", "tj", "cq", "he", "sx", "nm", "ln", "jl", "hl", "js", "zj", "ah", "fj", "jx", "sd", "ha"}
    | {"hb", "hn", "gd", "gx", "hi", "sc", "gz", "yn", "xz", "sn", "gs", "qh", "nx", "xj", "tw", "hk", "mo"}
)


@lru_cache(maxsize=16384)
def company_domain(domain: str) -> str:
    """The domain under which an organisation registers (`mail.huoju.com.cn` → `huoju.com.cn`), or empty for
    free and disposable mail, which identify nobody. `domain` is in lower case."""
    if not domain or not identifies_company(domain):
        return ""
    labels = domain.split(".")
    wide = (
        len(labels) > 2
        and len(labels[-1]) == 2
        and (labels[-2] in _SECOND_LEVEL or (labels[-1] == "cn" and labels[-2] in _CN_PROVINCES))
    )
    registered = ".".join(labels[-3:] if wide else labels[-2:])
    return registered if identifies_company(registered) else ""


def domain_of(address: str) -> str:
    """`company_domain` of a normalised mail address; empty if it has none."""
    return company_domain(address.rpartition("@")[2]) if "@" in address else ""
