"""The search: indexing, and finding among a million documents."""

import random
import statistics
import time
from collections.abc import Sequence

from django.db import connection, transaction

from huoju.core.search import operations, queries
from huoju.core.search.kinds import Entry, SearchKind
from huoju.core.search.models import Document

from .harness import Figure, benchmark, say

INDEXED = 20_000
DOCUMENTS = 1_000_000
DISTINCT = 100_000
QUERIES = 300
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰云玲飞鑫波宇浩凯健俊帆雪晨梅琳欣佳志远文博思雨梓涵子轩一诺"
_PLACES = (
    "北京",
    "上海",
    "广州",
    "深圳",
    "杭州",
    "成都",
    "武汉",
    "南京",
    "苏州",
    "西安",
    "重庆",
    "天津",
    "长沙",
    "青岛",
)
_WORDS = "云智信达恒远华创新联通科盛瑞博宏泰方正天海金鼎中安国兴嘉和佳元数星力光源"
_TRADES = (
    "科技",
    "信息技术",
    "软件",
    "网络",
    "数据",
    "智能装备",
    "电子",
    "生物医药",
    "新能源",
    "供应链",
    "机械制造",
)


def _entry(number: int, dice: random.Random) -> Entry:
    name = dice.choice(_SURNAMES) + "".join(dice.choices(_GIVEN, k=dice.choice([1, 2, 2])))
    company = dice.choice(_PLACES) + "".join(dice.choices(_WORDS, k=2)) + dice.choice(_TRADES) + "有限公司"
    mobile = f"+861{dice.randrange(3, 10)}{dice.randrange(10**9):09d}"
    email = (
        "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=7)) + "@" + dice.choice(["qq.com", "acme.cn"])
    )
    texts, groups = (email, mobile, str(number)), (f"user:{dice.randrange(60)}",)
    return Entry(object_id=number, title=name, subtitle=company, texts=texts, audience=groups, weight=number)


def _kind(dice: random.Random) -> SearchKind:
    def fetch(ids: Sequence[int]) -> list[Entry]:
        return [_entry(number, dice) for number in ids]

    return SearchKind(
        code="lead", label="", icon="", facts=(), touched=lambda _facts: set(), fetch=fetch,
        audience_of=lambda _user: None, show=lambda _user, _ids: {},
    )  # fmt: skip


def _fill(kind: SearchKind, first: int, last: int) -> float:
    started = time.perf_counter()
    for begin in range(first, last, 2000):
        with transaction.atomic():
            operations.index(kind, range(begin, min(begin + 2000, last)))
    return time.perf_counter() - started


@benchmark("index")
def index_documents() -> None:
    """Documents indexed a second, against a COPY of the same rows into a table with the same indexes."""
    kind = _kind(random.Random(1))
    seconds = _fill(kind, 1, INDEXED + 1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (LIKE search_document INCLUDING ALL)")
        started = time.perf_counter()
        cursor.execute("INSERT INTO bare SELECT * FROM search_document")
        bare = time.perf_counter() - started
    note = f"{INDEXED} documents of a person, a company, mail and phone, batches of 2,000; reference: INSERT SELECT"
    Figure("search.index", INDEXED / seconds, "documents/s", INDEXED / bare, note).emit()


def _query(dice: random.Random) -> str:
    entry = _entry(dice.randrange(DISTINCT), dice)
    mobile = entry.texts[1]
    return dice.choice(
        [
            entry.title, entry.title[:1], entry.title[-1:], entry.title[:2], entry.subtitle[:6], entry.subtitle[2:8],
            entry.subtitle, mobile[-4:], mobile[3:], entry.texts[0][:4], str(dice.randrange(DOCUMENTS)), "zhang", "wq",
            "科技", "北京", f"{entry.title} {entry.subtitle[:4]}", "没有这个名字的公司",
        ]
    )  # fmt: skip


@benchmark("search")
def find_among_a_million() -> None:
    """The query behind the search box at a million documents, p95, against finding one row by its primary key."""
    say("search: a million documents …")
    kind = _kind(random.Random(2))
    with connection.cursor() as cursor:
        # The million goes in without its index, which is then built at once.
        cursor.execute("DROP INDEX search_terms")
    _fill(kind, 1, DISTINCT + 1)
    with connection.cursor() as cursor:
        # The same people again, as the later leads of others: what is searched is as large, and made ten times faster.
        cursor.execute(
            """INSERT INTO search_document (kind, object_id, title, subtitle, terms, weight)
               SELECT kind, object_id + n * %s, title, subtitle, terms, weight + n * %s
               FROM search_document, generate_series(1, %s) n""",
            [DISTINCT, DISTINCT, DOCUMENTS // DISTINCT - 1],
        )
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(
            "CREATE INDEX search_terms ON search_document USING gin (terms) WITH (fastupdate = off)"
        )
        cursor.execute("VACUUM ANALYZE search_document")
    dice = random.Random(3)
    asked = [
        (_query(dice), dice.choice([None, None, [f"user:{dice.randrange(60)}", "pool"]]))
        for _ in range(QUERIES)
    ]
    for query, audience in asked[:20]:
        queries.list_ids(kind, query, audience=audience, limit=20)
    times, slowest = [], (0.0, "")
    for query, audience in asked:
        started = time.perf_counter()
        queries.list_ids(kind, query, audience=audience, limit=20)
        times.append((time.perf_counter() - started) * 1000)
        slowest = max(slowest, (times[-1], query))
    bare = []
    for _ in range(QUERIES):
        started = time.perf_counter()
        Document.objects.filter(pk=dice.randrange(1, DOCUMENTS)).exists()
        bare.append((time.perf_counter() - started) * 1000)
    note = (
        f"names, parts, pinyin, companies, phones, numbers among {DOCUMENTS} documents, p95 of {QUERIES}; "
        f"slowest {slowest[0]:.0f} ms ({slowest[1]}); reference: one row by its key, p95"
    )
    p95 = statistics.quantiles(times, n=20)[-1]
    Figure("search.find", p95, "ms", statistics.quantiles(bare, n=20)[-1], note).emit()
