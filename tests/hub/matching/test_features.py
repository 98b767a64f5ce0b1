"""Two spellings of one value meet in at least one feature."""

import pytest

from huoju.hub.matching.policy import BLOCKS, FEATURES, Record, features_of


def features(**fields: str) -> dict[str, str | None]:
    values = features_of(Record(1, **fields))
    assert values[0] == 1
    return dict(zip((*FEATURES, *BLOCKS), [str(v) if v else None for v in values[1:]], strict=True))


@pytest.mark.parametrize(
    ("one", "two", "meets"),
    [
        ("张三丰", "張三豐", "name"),  # two scripts
        ("张三丰", "张　三丰", "name"),  # full-width space
        ("李娜", "李那", "name_toned"),  # one sound
        ("李娜", "李纳", "name_toned"),
        ("张三丰", "Zhang Sanfeng", "name_sound"),
        ("张三丰", "Sanfeng Zhang", "name_sound"),
        ("张三丰", "ZHANG San Feng", "name_sound"),
        ("张三丰", "ZhangSanfeng", "name_sound"),
        ("单田芳", "Shan Tianfang", "name_sound"),  # a surname that is read unlike the word
        ("欧阳娜娜", "Ouyang Nana", "b_name"),
        ("张三丰", "三丰张", "name_sound"),  # turned round
        ("李燕凤", "燕凤李", "b_name"),  # turned round, and both ends are surnames
        ("张三丰", "张总", "family"),
        ("张三丰先生", "张三丰", "name"),
    ],
)
def test_names(one: str, two: str, meets: str) -> None:
    left, right = features(name=one), features(name=two)
    assert left[meets] is not None
    assert left[meets] == right[meets]


@pytest.mark.parametrize(
    ("one", "two", "meets"),
    [
        ("北京火炬智能科技有限公司", "北京火炬智能科技（集团）有限公司", "brand"),
        ("北京火炬智能科技有限公司", "火炬科技", "brand"),
        ("华为技术有限公司", "華為技術有限公司", "company"),
        ("火炬科技", "Huoju Technology Co., Ltd.", "brand_sound"),
        ("北京火炬智能科技有限公司", "火炬", "brand"),
    ],
)
def test_companies(one: str, two: str, meets: str) -> None:
    left, right = features(company=one), features(company=two)
    assert left[meets] is not None
    assert left[meets] == right[meets]


def test_a_domain_is_read_as_a_brand_and_a_free_one_is_not() -> None:
    work = features(name="张三丰", email="zhangsf@mail.huoju.com.cn")
    assert (work["domain"], work["domain_label"]) == ("huoju.com.cn", "huoju")
    assert work["b_brand_given"] == features(name="张三丰", company="火炬科技")["b_brand_given"]
    assert features(email="zhangsf@163.com")["domain"] is None


def test_a_box_that_is_but_the_name_tells_nothing() -> None:
    named = {box: features(name="张三丰", email=f"{box}@163.com")["mail_named"] for box in BOXES}
    assert named == BOXES


@pytest.mark.parametrize(
    ("name", "box", "sound", "initials"),
    [
        ("张总", "zhangsanfeng@huoju.com", "zhangsanfeng", "zhang|sf"),
        ("张总", "zhangsf88@huoju.com", None, "zhang|sf"),
        ("Jack Zhang", "zhangsanfeng@163.com", "zhangsanfeng", "zhang|sf"),
        ("张总", "jack.zhang@huoju.com", None, None),
        ("张总", "zhangjack@163.com", None, None),  # no syllables
        ("张三丰", "zhangsanfeng@163.com", None, None),  # the name says it itself
    ],
)
def test_a_box_spells_the_name_of_who_gives_only_the_family_name(
    name: str, box: str, sound: str | None, initials: str | None
) -> None:
    found = features(name=name, email=box)
    assert (found["boxed_sound"], found["boxed_initials"]) == (sound, initials)


def test_initials_of_a_chinese_name_in_either_script() -> None:
    assert features(name="张三丰")["initials"] == features(name="Zhang Sanfeng")["initials"] == "zhang|sf"
    assert features(name="Jack Zhang")["initials"] is None


def test_where_nobody_says_a_region_the_company_does() -> None:
    assert features(company="杭州火炬科技有限公司")["region"] == "3301"
    assert features(company="杭州火炬科技有限公司", region="31")["region"] == "31"


def test_what_a_domain_adds_to_the_brand_is_no_part_of_it() -> None:
    labels = {
        features(email=f"a.bcdef@{domain}")["domain_label"] for domain in ("huoju-tech.com", "huojugroup.com")
    }
    assert labels == {"huoju"}


def test_two_letters_that_changed_places_are_one_box() -> None:
    one, two = (features(email=box)["mail_sorted"] for box in ("sanfneg88@163.com", "sanfeng88@163.com"))
    assert one == two


BOXES = {
    "zhangsanfeng": "y",
    "sanfeng.zhang": "y",
    "zhangsf": "y",
    "zhangsf88": "y",  # a number behind it tells no name
    "taiji1247": None,
    "jack.zhang": None,
}


def test_shared_and_short_boxes_bring_nobody_together() -> None:
    assert features(email="sales@huoju.com")["b_mail"] is None
    assert features(email="li@huoju.com")["b_mail"] is None
    assert features(email="li.jing77@huoju.com")["b_mail"] == "li.jing77"


def test_nothing_makes_nothing() -> None:
    assert set(features_of(Record(7))[1:]) == {None}
    assert set(features(name="🙂", company="无", title="??").values()) <= {None, "??"}
