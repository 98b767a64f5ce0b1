"""The sidebar."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from huoju.core.ui import navigation
from huoju.core.ui.navigation import Page, Section, menu


def viewer(*actions: str) -> SimpleNamespace:
    """Somebody who may do `actions`."""
    return SimpleNamespace(is_authenticated=True, may=lambda action: action in actions)


@pytest.fixture(autouse=True)
def two_sections() -> Iterator[None]:
    """Two wings, registered in the wrong order."""
    kept = dict(navigation._sections)
    navigation._sections.clear()
    navigation.register(
        Section(
            code="b",
            label="B",
            order=20,
            pages=(
                Page(label="Users", url_name="access:users", icon="x", action="manage"),
                Page(label="New", url_name="access:user_new", icon="x", badge=lambda _viewer: 3),
            ),
        )
    )
    navigation.register(
        Section(code="a", label="A", order=10, pages=(Page(label="Home", url_name="home", icon="x"),))
    )
    yield
    navigation._sections.clear()
    navigation._sections.update(kept)


def test_order_and_badges() -> None:
    groups = menu(viewer("manage"), "/")
    assert [(group.code, [(link.label, link.badge) for link in group.links]) for group in groups] == [
        ("a", [("Home", 0)]),
        ("b", [("Users", 0), ("New", 3)]),
    ]


def test_only_what_one_may_open() -> None:
    assert [link.label for group in menu(viewer(), "/") for link in group.links] == ["Home", "New"]


@pytest.mark.parametrize(
    ("path", "active"),
    [
        ("/", ["Home"]),
        ("/settings/users/", ["Users"]),
        ("/settings/users/7/", ["Users"]),
        ("/settings/users/new/", ["New"]),
        ("/elsewhere/", []),
    ],
)
def test_the_most_exact_page_is_active(path: str, active: list[str]) -> None:
    groups = menu(viewer("manage"), path)
    assert [link.label for group in groups for link in group.links if link.active] == active


def test_a_section_without_pages_for_the_viewer_is_gone() -> None:
    navigation.register(
        Section(
            code="c", label="C", order=30, pages=(Page(label="X", url_name="home", icon="x", action="no"),)
        )
    )
    assert [group.code for group in menu(viewer(), "/")] == ["a", "b"]
