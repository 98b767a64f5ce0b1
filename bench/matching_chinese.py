"""A Chinese contact set with realistic noise and known truth, made from a seed: the same on every machine.

Each person has one to four rows, as four lists from four sources would have them: names in traditional characters, in
pinyin (in either order), turned round, misheard, or a mere 张总; companies by their full or short name, in English, with a
typing error, or after a change of job; an old number, a number in an old format, with a typing error, or none; the
box at work, at a free service, or none; titles in synonyms; fields left out. The shares below are stated, not fitted: they were set before
the first run and not changed to improve a figure.
"""

import random
from dataclasses import dataclass

import opencc

from huoju.core.geo import PROVINCES, REGIONS, region_of
from huoju.core.text import pinyin, surname_pinyin
from huoju.hub.identity.policy import Email, Phone, normalise_email, normalise_phone
from huoju.hub.matching.policy import Record

SURNAMES = {
    "王": 71, "李": 70, "张": 65, "刘": 53, "陈": 49, "杨": 32, "黄": 24, "赵": 21, "吴": 21, "周": 20,
    "徐": 16, "孙": 15, "马": 13, "朱": 12, "胡": 12, "郭": 12, "何": 11, "林": 11, "高": 10, "罗": 10,
    "郑": 9, "梁": 9, "谢": 8, "宋": 8, "唐": 7, "许": 7, "韩": 7, "邓": 7, "冯": 6, "曹": 6, "彭": 6, "曾": 6,
    "肖": 5, "田": 5, "董": 5, "潘": 5, "袁": 5, "蔡": 5, "蒋": 5, "余": 5, "于": 5, "杜": 4, "叶": 4, "程": 4,
    "魏": 4, "苏": 4, "吕": 4, "丁": 4, "任": 4, "卢": 4, "姚": 3, "沈": 3, "钟": 3, "姜": 3, "崔": 3, "谭": 3,
    "陆": 3, "范": 3, "汪": 3, "廖": 3, "石": 3, "金": 3, "韦": 3, "贾": 3, "夏": 3, "付": 3, "方": 3, "邹": 3,
    "熊": 3, "白": 3, "孟": 3, "秦": 3, "邱": 3, "侯": 3, "江": 3, "尹": 2, "薛": 2, "闫": 2, "段": 2, "雷": 2,
    "龙": 2, "黎": 2, "史": 2, "陶": 2, "贺": 2, "毛": 2, "郝": 2, "顾": 2, "龚": 2, "邵": 2, "单": 1, "欧阳": 1,
}  # fmt: skip
"""Surnames in per mille of the population, the most frequent ones."""

GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华文建国志海玉红春梅林峰鹏飞宇浩晓雪婷佳欣怡梓轩子涵雨泽晨"
    "俊凯瑞博思远嘉慧琳莹倩颖璐瑶洁萍燕波斌辉健龙亮东阳永成立新庆云丹凤琴珍莉蓉冰月香素锋翔宁康乐天一诗语若彤"
)
HOMOPHONES = {
    "伟": "玮", "芳": "方", "娜": "那", "敏": "闽", "静": "婧", "丽": "莉", "杰": "洁", "涛": "滔", "明": "铭", "华": "桦",
    "文": "雯", "志": "智", "玉": "钰", "红": "虹", "峰": "锋", "宇": "雨", "晓": "小", "佳": "嘉", "欣": "鑫", "怡": "宜",
    "晨": "辰", "俊": "峻", "瑞": "锐", "博": "伯", "莹": "盈", "颖": "影", "燕": "艳", "波": "博", "健": "建", "阳": "洋",
}  # fmt: skip
BRANDS = "华信中科创新天海东方金大盛达通联宏远瑞博恒泰嘉利德安康云智慧星辰飞翔龙凤祥和顺丰隆昌兴旺启明光辉宇航蓝图绿源正元鼎"
TRADES = (
    "科技", "信息技术", "软件", "网络科技", "数据科技", "智能科技", "电子", "机械", "自动化设备", "新材料", "贸易", "医疗器械",
    "生物科技", "能源", "物流", "文化传媒", "教育科技", "建设工程", "食品", "化工",
)  # fmt: skip
FORMS = ("有限公司",) * 7 + ("股份有限公司",) * 2 + ("有限责任公司",)
TITLES = (
    ("首席技术官", "CTO", "技术负责人"), ("技术总监", "研发总监", "Director of Engineering"), ("IT经理", "信息部经理", "IT Manager"),
    ("采购经理", "采购主管", "Purchasing Manager"), ("市场总监", "市场部总监", "Marketing Director"), ("销售经理", "Sales Manager"),
    ("总经理", "CEO", "首席执行官"), ("工程师", "软件工程师", "Engineer"), ("产品经理", "Product Manager"), ("运营经理", "运营主管"),
    ("财务总监", "CFO"), ("人力资源经理", "HR经理", "HR Manager"), ("数据分析师", "Data Analyst"), ("架构师", "系统架构师"),
)  # fmt: skip
FREE = ("qq.com", "163.com", "126.com", "gmail.com", "outlook.com", "sina.com", "foxmail.com")
PREFIXES = (
    "139",
    "138",
    "137",
    "136",
    "135",
    "186",
    "187",
    "188",
    "158",
    "159",
    "151",
    "150",
    "176",
    "177",
    "199",
)
CITIES = tuple(code for code in REGIONS if len(code) == 4) + tuple(region.code for region in PROVINCES)[:4]
HONORIFICS = ("总", "经理", "女士", "先生", "工")
ENGLISH = ("Jack", "Tom", "Lily", "Lucy", "David", "Kevin", "Amy", "Eric", "Grace", "Leo", "Tony", "Vivian")

_TRADITIONAL = opencc.OpenCC("s2t")


@dataclass(frozen=True, slots=True)
class Company:
    """A company under its names."""

    region: str
    place: str
    brand: str
    trade: str
    form: str
    domain: str

    @property
    def full(self) -> str:
        """As in the register."""
        return f"{self.place}{self.brand}{self.trade}{self.form}"


@dataclass(slots=True)
class Person:
    """The truth that the rows are views of."""

    family: str
    given: str
    company: Company
    former: Company
    mobile: str
    former_mobile: str
    work_box: str
    free_box: str
    titles: tuple[str, ...]
    region: str
    english: str


def contacts(persons: int, seed: int = 1) -> tuple[list[Record], list[int]]:
    """Rows of so many persons in no order, and the person of each row."""
    dice = random.Random(seed)
    companies = [_company(dice) for _ in range(max(2, persons // 6))]
    sizes = [1 / (rank + 3) for rank in range(len(companies))]  # few large ones, many small ones
    made: list[tuple[int, Record]] = []
    for number in range(persons):
        person = _person(dice, companies, sizes)
        views = dice.choices((1, 2, 3, 4), (60, 26, 10, 4))[0]
        made += [(number, _view(dice, person)) for _ in range(views)]
    dice.shuffle(made)
    return [record._replace(id=at) for at, (_, record) in enumerate(made)], [number for number, _ in made]


def _company(dice: random.Random) -> Company:
    region = dice.choice(CITIES)
    brand = "".join(dice.sample(BRANDS, dice.choice((2, 2, 2, 3))))
    domain = "".join(pinyin(brand)) + dice.choice((".com", ".cn", ".com.cn", "-tech.com", "group.com"))
    return Company(region, REGIONS[region].short_zh, brand, dice.choice(TRADES), dice.choice(FORMS), domain)


def _mobile(dice: random.Random) -> str:
    return f"{dice.choice(PREFIXES)}{dice.randrange(10**8):08d}"


def _person(dice: random.Random, companies: list[Company], sizes: list[float]) -> Person:
    family = dice.choices(list(SURNAMES), list(SURNAMES.values()))[0]
    # The square makes some characters frequent: 张伟 is many people.
    letters = [GIVEN[int(len(GIVEN) * dice.random() ** 2)] for _ in range(dice.choices((1, 2), (18, 82))[0])]
    given = "".join(letters)
    company, former = dice.choices(companies, sizes, k=2)
    first, syllables = surname_pinyin(family), pinyin(given)
    initials = "".join([each[0] for each in syllables])
    full = "".join(syllables)
    english = dice.choice(ENGLISH)
    work = dice.choice(
        (first + full, f"{full}.{first}", first + initials, f"{english}.{first}".lower(), first + full)
    )
    free = dice.choice(
        (
            first + full + str(dice.randrange(100)),
            initials + str(dice.randrange(1980, 2003)),
            str(dice.randrange(10**8, 10**10)),
            first + initials + str(dice.randrange(1000)),
            first + full,
        )
    )
    region = company.region if dice.random() < 0.85 else dice.choice(CITIES)
    numbers = _mobile(dice), _mobile(dice)
    return Person(family, given, company, former, *numbers, work, free, dice.choice(TITLES), region, english)


def _view(dice: random.Random, person: Person) -> Record:
    moved = dice.random() < 0.04
    company = person.former if moved else person.company
    mobile = _written_mobile(dice, person)
    mail = _written_mail(dice, person, company, needed=not mobile)
    title = dice.choice(person.titles) if dice.random() < 0.65 else ""
    place = REGIONS[person.region]
    region = region_of(dice.choice((place.name_zh, place.short_zh))) if dice.random() < 0.7 else None
    return Record(
        id=0,
        name=_written_name(dice, person),
        company=_written_company(dice, company),
        mobile=mobile,
        email=mail,
        title=title,
        region=region.code if region else "",
    )


def _written_name(dice: random.Random, person: Person) -> str:
    family, given = person.family, person.given
    form = dice.choices(
        ("plain", "traditional", "pinyin", "turned", "homophone", "short", "english"),
        (73, 8, 9, 3, 3, 3, 1),
    )[0]
    first, second = surname_pinyin(family).capitalize(), "".join(pinyin(given)).capitalize()
    match form:
        case "traditional":
            return str(_TRADITIONAL.convert(family + given))
        case "pinyin":
            return dice.choice(
                (f"{second} {first}", f"{first} {second}", f"{first.upper()} {second}", f"{first}{second}")
            )
        case "turned":
            return dice.choice((f"{given}{family}", f"{given} {family}"))
        case "homophone":
            return family + "".join([HOMOPHONES.get(char, char) for char in given])
        case "short":
            return family + dice.choice(HONORIFICS)
        case "english":
            return f"{person.english} {first}"
    return f"{family}{given}"


def _written_company(dice: random.Random, company: Company) -> str:
    form = dice.choices(
        ("full", "bare", "short", "brand", "traditional", "english", "typo", "none"),
        (46, 8, 16, 8, 5, 3, 4, 10),
    )[0]
    match form:
        case "bare":
            return f"{company.brand}{company.trade}{company.form}"
        case "short":
            return f"{company.brand}{company.trade}"
        case "brand":
            return company.brand
        case "traditional":
            return str(_TRADITIONAL.convert(company.full))
        case "english":
            return f"{''.join(pinyin(company.brand)).capitalize()} Technology Co., Ltd."
        case "typo":
            at = dice.randrange(len(company.full) - 4)
            return company.full[:at] + dice.choice(BRANDS) + company.full[at + 1 :]
        case "none":
            return ""
    return company.full


def _written_mobile(dice: random.Random, person: Person) -> str:
    form = dice.choices(("now", "former", "typo", "none"), (68, 14, 4, 14))[0]
    if form == "none":
        return ""
    number = person.former_mobile if form == "former" else person.mobile
    if form == "typo":
        at = dice.randrange(3, 11)
        number = number[:at] + str((int(number[at]) + dice.randrange(1, 10)) % 10) + number[at + 1 :]
    raw = dice.choice(
        (number, f"+86 {number}", f"0086-{number}", f"{number[:3]}-{number[3:7]}-{number[7:]}", f"86{number}")
    )
    found = normalise_phone(raw)
    return found.e164 if isinstance(found, Phone) else ""


def _written_mail(dice: random.Random, person: Person, company: Company, *, needed: bool) -> str:
    form = dice.choices(("work", "free", "none"), (35, 27, 38))[0]
    if form == "none" and needed:
        form = dice.choice(("work", "free"))
    if form == "none":
        return ""
    box, domain = (person.work_box, company.domain) if form == "work" else (person.free_box, "")
    if not domain:
        domain = FREE[hash_of(person.free_box) % len(FREE)] if dice.random() < 0.9 else dice.choice(FREE)
    if dice.random() < 0.02 and len(box) > 5:
        at = dice.randrange(len(box) - 1)
        box = box[:at] + box[at + 1] + box[at] + box[at + 2 :]
    found = normalise_email(f"{box}@{domain}")
    return found.address if isinstance(found, Email) else ""


def hash_of(text: str) -> int:
    """A number of a text that is the same in every process."""
    return sum(ord(char) * (at + 1) for at, char in enumerate(text))
