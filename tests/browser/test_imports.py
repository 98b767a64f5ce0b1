"""A file on its way in, by hand: upload, columns, preview, run, rejected rows, taken back."""

from pathlib import Path
from typing import Any

import pytest

from huoju.acquire.imports.models import Import, State
from huoju.core.access.policy import Role
from huoju.core.jobs import run_waiting
from huoju.qualify.leads.models import Lead
from tests.browser.conftest import DESK, PHONE, Opener
from tests.browser.test_every_page import _faults

LEADS = """客户姓名,电话,电子邮箱,公司名称,职务,所在省份,线索来源,录入时间,备注
王小明,138 1234 5678,wang@huoju-tech.cn,上海火炬科技有限公司,IT经理,上海,百度SEM,2024/3/5,想试用
李娜,139-8765-4321,li@fenghuo-data.cn,北京烽火数据股份有限公司,采购总监,北京,展会,2024/3/6,
赵六,13700001111,zhao@example-corp.cn,广州示例软件有限公司,经理,广东,展会,2024/2/30,这一天不存在
"""


@pytest.mark.parametrize(("language", "size"), [("zh-hans", DESK), ("en", PHONE)])
def test_a_file_goes_in_and_comes_back(
    open_page: Opener, tmp_path: Path, settings: Any, language: str, size: dict[str, int]
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    file = tmp_path / "线索.csv"
    file.write_bytes(LEADS.encode("gb18030"))
    page = open_page(role=Role.MARKETING, language=language, size=size)

    page.goto("/imports/new/", wait_until="networkidle")
    assert _faults(page) == []
    page.set_input_files("input[type=file]", file)
    page.click("#main button[type=submit]")

    page.wait_for_url("**/mapping/", wait_until="networkidle")
    assert _faults(page) == []
    assert page.locator("select[name=column_0]").input_value() == "name"
    assert page.locator("select[name=column_3]").input_value() == "company"
    assert page.locator("select[name=column_7]").input_value() == "captured_at"
    page.click("#main .hj-wizard-actions button.btn-primary")

    page.wait_for_url("**/preview/", wait_until="networkidle")
    assert _faults(page) == []
    assert page.locator("tbody tr").count() == 3
    assert "2024/2/30" in page.locator("tbody tr").nth(2).inner_text()
    page.click("#main .hj-wizard-actions button.btn-primary")

    page.wait_for_selector("#progress")
    assert _faults(page) == []
    run_waiting()
    page.wait_for_selector(".hj-note-success", timeout=10_000)
    page.wait_for_load_state("networkidle")
    assert _faults(page) == []
    record = Import.objects.get()
    assert (record.state, record.counts["rejected"]) == (State.DONE, 1)
    assert Lead.objects.count() == 2
    with page.expect_download() as download:
        page.click('a[href$="rejected.xlsx"]')
    assert download.value.suggested_filename.endswith(".xlsx")

    page.click("#main form[action$='rollback/'] button")
    page.click("#confirm-dialog [value=yes]")
    page.wait_for_selector("#progress")
    run_waiting()
    page.wait_for_url(f"**/imports/{record.pk}/", wait_until="networkidle")
    page.wait_for_selector("#main form[action$='delete/']", timeout=10_000)
    assert Lead.objects.count() == 0
