"""What a name and a registration number say about region and industry, for values that nobody has told."""

from huoju.core.geo import REGIONS

from .brands import parts_of
from .vocabulary import INDUSTRIES

_VAGUE = frozenset({"other", "services"})
_MISLEADING = frozenset(
    {"网络", "投资", "文化", "工业", "交通", "连锁", "健康", "生物", "咨询", "批发", "租赁"}
)
"""Words that stand in the names of firms of every trade."""


def region_of_uscc(uscc: str) -> str:
    """The region (GB/T 2260) whose office registered a company: digits 3 to 8 of its 统一社会信用代码.

    The city where Huoju knows it, else the province; empty for the national office (100000) and for no valid code.
    """
    city, province = uscc[2:6], uscc[2:4]
    if len(uscc) != 18:
        return ""
    return city if city in REGIONS else province if province in REGIONS else ""


def trade_of(name: str) -> str:
    """The industry that the words behind the brand in a company's name mean, as a code; empty where they are vague."""
    trade = parts_of(name).trade
    found = [
        (-len(word), trade.index(word), industry.code)
        for industry in INDUSTRIES.values()
        if industry.code not in _VAGUE
        for word in industry.words
        if word not in _MISLEADING and not word.isascii() and word in trade
    ]
    return min(found)[2] if found else ""
