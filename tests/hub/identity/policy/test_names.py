"""Names of people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.hub.identity.policy import Name, normalise_name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("张三丰", Name("张三丰", "张", "三丰")),
        ("张三", Name("张三", "张", "三")),
        ("欧阳锋", Name("欧阳锋", "欧阳", "锋")),
        ("诸葛孔明", Name("诸葛孔明", "诸葛", "孔明")),
        ("欧阳", Name("欧阳", "欧阳")),
        ("王总", Name("王", "王", "", "总")),
        ("李工", Name("李", "李", "", "工")),
        ("欧阳总", Name("欧阳", "欧阳", "", "总")),
        ("张建工", Name("张建工", "张", "建工")),
        ("张经理", Name("张", "张", "", "经理")),
        ("王建国先生", Name("王建国", "王", "建国", "先生")),
        ("刘女士", Name("刘", "刘", "", "女士")),
        ("陈副总经理", Name("陈", "陈", "", "副总经理")),
        ("诸葛亮老师", Name("诸葛亮", "诸葛", "亮", "老师")),
        ("总经理", Name("总经理", "", "", "总经理")),
        ("张 三", Name("张三", "张", "三")),
        (" 张三\u3000", Name("张三", "张", "三")),
        ("😀张三🎉", Name("张三", "张", "三")),
        ("👨‍👩‍👧张三", Name("张三", "张", "三")),
        ("张三👍🏽", Name("张三", "张", "三")),
        ("张三(Sam)", Name("张三", "张", "三")),
        ("张三（采购部）", Name("张三", "张", "三")),
        ("(张三)", Name("张三", "张", "三")),
        ("张\u200b三", Name("张三", "张", "三")),
        ("买买提·艾力", Name("买买提·艾力", "", "买买提")),
        ("微信用户", Name("微信用户")),
        ("John Smith", Name("John Smith", "Smith", "John")),
        ("Mr. John Smith", Name("John Smith", "Smith", "John", "Mr")),
        ("Smith, John", Name("John Smith", "Smith", "John")),
        ("ZHANG San", Name("ZHANG San", "ZHANG", "San")),
        ("Zhang San", Name("Zhang San", "Zhang", "San")),
        ("San Zhang", Name("San Zhang", "Zhang", "San")),
        ("Иван Петров", Name("Иван Петров", "Петров", "Иван")),
        ("李雷 Lilei", Name("李雷 Lilei")),
        ("J", Name("J")),
    ],
)
def test_a_name_is_read_as_its_owner_means_it(raw: str, name: Name) -> None:
    assert normalise_name(raw) == name


@pytest.mark.parametrize("raw", ["", "  ", "..", "👍", "---", "()", "\u200b", "😀😀"])
def test_nothing_readable_is_no_name(raw: str) -> None:
    assert normalise_name(raw) is None


@given(st.text(max_size=200))
def test_any_text_gives_a_storable_short_name_or_none(raw: str) -> None:
    name = normalise_name(raw)
    if name is not None:
        assert name.full
        assert len(name.full) <= 80
        name.full.encode("utf-8")
        assert not any(char in "\x00\u200b😀👍" for char in name.full)
