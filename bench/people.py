"""Files of leads as a Chinese company has them: made from a seed, the same on every machine."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

from .policies import CITIES, FAMILIES, GIVEN, INDUSTRIES, MAIL, SIZES, TITLES, TRADES

HEADER = ("姓名", "手机", "邮箱", "公司", "职位", "规模", "行业", "地区", "来源渠道", "需求")
CHANNELS = ("百度搜索", "微信公众号", "官网", "展会", "直播", "知乎", "客户推荐", "抖音", "邮件", "合作伙伴")
NEEDS = ("", "", "", "想了解产品的价格和试用", "请尽快联系我，谢谢", "我们在选型数据平台，希望安排一次演示")
PREFIXES = ("139", "138", "186", "177", "151", "188", "135", "158", "176", "199")
PERSONS_A_COMPANY = 3
BAD, AGAIN = 0.05, 0.05
"""Shares of rows that cleaning holds back, and of rows that repeat a person of an earlier row."""


def _firm(dice: random.Random) -> str:
    given = "".join(dice.choice(GIVEN) for _ in range(3))
    return f"{dice.choice(CITIES)}{given}{dice.choice(TRADES)}有限公司"


def rows(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """`count` rows: three persons a company, one in twenty unusable, one in twenty somebody who came before."""
    dice = random.Random(seed)
    firms = [(_firm(dice), f"s{seed}firm{number}.cn") for number in range(max(1, count // PERSONS_A_COMPANY))]
    earlier: list[tuple[str, ...]] = []
    for number in range(count):
        if earlier and dice.random() < AGAIN:
            yield (*dice.choice(earlier)[:-2], dice.choice(CHANNELS), dice.choice(NEEDS))
            continue
        firm, domain = dice.choice(firms)
        mobile = f"{dice.choice(PREFIXES)}{dice.randrange(10**8):08d}"
        if dice.random() < 0.3:
            mobile = f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}"
        mail = f"u{seed}.{number}@{domain if dice.random() < 0.5 else dice.choice(MAIL)}"
        name = dice.choice(FAMILIES) + dice.choice(GIVEN) + dice.choice(("", *GIVEN))
        if dice.random() < BAD:
            name, mobile, mail = dice.choice(
                (("测试", "13800000000", ""), ("asdf", "12345", "x@x"), ("", "", ""))
            )
        row = (
            *(name, mobile, mail, firm, dice.choice(TITLES), dice.choice(SIZES), dice.choice(INDUSTRIES)),
            *(dice.choice(CITIES), dice.choice(CHANNELS), dice.choice(NEEDS)),
        )
        if len(earlier) < 20_000:
            earlier.append(row)
        yield row


def write_csv(path: Path, count: int, seed: int = 1) -> None:
    """The rows of `rows` as a CSV file in UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count, seed))
