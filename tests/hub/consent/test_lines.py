"""Lines of uploaded files: the plain shapes are read as each line is on its own."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from huoju.hub.consent.policy import EntryKind, EntryProblem, read_entry, read_lines

_DIGITS = st.text("0123456789", min_size=7, max_size=12)
_PLAIN = st.one_of(
    st.builds("1{}{}".format, st.sampled_from("3456789"), st.from_regex(r"[0-9]{9}", fullmatch=True)),
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "+1", "1-", "(", "+86", "86"]),
        _DIGITS,
        st.sampled_from(["", ")"]),
    ),
    st.from_regex(r"604([-. ]?)555\1[0-9]{4}", fullmatch=True),
    st.builds(
        "{}@{}".format,
        st.text("aB1.+-_", min_size=1, max_size=6),
        st.sampled_from(["firm.cn", "gmail.com", "qq.con", "outlook.com", "x", "Firm.CN", "googlemail.com"]),
    ),
    st.sampled_from(["firm.cn", "@firm.cn", "+8617*", "phone", "", "nonsense", "+44 20 7946 0000"]),
    st.just("１３８００１３８０００"),
)
_AROUND = st.sampled_from(
    ["{}", " {} ", '"{}"', '"{}', "{},x", '"{}" ;y', "{}\tz", "{}\r", "\t{}", "'{}", ' "{}"\r']
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.builds(str.format, _AROUND, _PLAIN), min_size=1, max_size=8),
    st.sampled_from(["CN", "CA", "GB"]),
)
def test_plain_lines_are_read_as_each_line_on_its_own(lines: list[str], country: str) -> None:
    values: dict[EntryKind, list[str]] = {}
    faults = []
    for number, line in enumerate(lines, 2):
        cell = re.split(r"[,;\t]", line.strip(), maxsplit=1)[0].strip().strip('"')
        if not cell:
            continue
        entry = read_entry(cell, country)
        if isinstance(entry, EntryProblem):
            faults.append((number, line.strip()[:200], entry))
        else:
            values.setdefault(entry.kind, []).append(entry.value)
    found = read_lines(lines, country, 2)
    assert {kind: sorted(each) for kind, each in found.values.items() if each} == {
        kind: sorted(each) for kind, each in values.items()
    }
    assert found.faults == faults
