"""The wizard in the browser's stead: every step, what it shows, what it refuses."""

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from huoju.acquire.imports.models import Import, SavedMapping, State
from huoju.core.access.models import User
from huoju.core.jobs import run_waiting

from .target import contents

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("things")]

TEXT = "编号,姓名,合同金额,备注\nx1,王小明,1.50,a\nx2,bad 苹果,2,b\nx3,李娜,many,=1+1\nx4,赵六,4,d\n"


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(User.objects.create(username="ma", name="Ma", role="marketing", language="en"))
    return client


def upload(client: Client, text: str = TEXT, name: str = "线索.csv") -> Import:
    file = SimpleUploadedFile(name, text.encode())
    response = client.post(reverse("imports:upload"), {"target": "things", "file": file})
    assert response.status_code == 303, response.content.decode()
    record = Import.objects.latest("id")
    assert response["Location"] == reverse("imports:mapping", args=[record.pk])
    return record


def mapped(client: Client, record: Import, **more: Any) -> Any:
    data = {
        "column_0": "external_id",
        "column_1": "name",
        "column_2": "amount",
        "column_3": "",
        "mode": "fresh",
        "match_on": "identity",
        "on_bad_value": "reject",
        **more,
    }
    return client.post(reverse("imports:mapping", args=[record.pk]), data)


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_from_upload_to_rollback(client: Client) -> None:
    record = upload(client)
    page = text_of(client.get(reverse("imports:mapping", args=[record.pk])))
    assert "编号" in page
    assert "王小明" in page
    assert 'value="name" selected' in page

    assert mapped(client, record)["Location"] == reverse("imports:preview", args=[record.pk])
    page = text_of(client.get(reverse("imports:preview", args=[record.pk])))
    assert "The name bad 苹果 is bad" in page
    assert "“many” is not an amount of money" in page
    assert contents() == []

    assert client.post(reverse("imports:run", args=[record.pk])).status_code == 303
    page = text_of(client.get(reverse("imports:import", args=[record.pk])))
    assert 'hx-trigger="every 1s"' in page
    run_waiting()
    answer = client.get(reverse("imports:progress", args=[record.pk]), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("imports:import", args=[record.pk])
    page = text_of(client.get(reverse("imports:import", args=[record.pk])))
    assert "2 of 4 rows got in" in page
    assert [name for _id, name, _amount in contents()] == ["王小明", "赵六"]

    client.post(reverse("imports:rollback", args=[record.pk]))
    run_waiting()
    assert contents() == []
    assert "Taken back" in text_of(client.get(reverse("imports:import", args=[record.pk])))
    assert client.post(reverse("imports:delete", args=[record.pk])).status_code == 303
    assert not Import.objects.exists()


def test_rejected_rows_as_files(client: Client) -> None:
    record = upload(client)
    mapped(client, record)
    client.post(reverse("imports:run", args=[record.pk]))
    run_waiting()
    answer = client.get(reverse("imports:rejected", args=[record.pk, "csv"]))
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert body.splitlines() == [
        "编号,姓名,合同金额,备注,Row,Outcome,Reason",
        "x2,bad 苹果,2,b,3,Rejected,Name: The name bad 苹果 is bad",
        "x3,李娜,many,'=1+1,4,Rejected,Amount: “many” is not an amount of money",
    ]
    answer = client.get(reverse("imports:rejected", args=[record.pk, "xlsx"]))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    assert sheet is not None
    assert sheet["D3"].value == "=1+1"
    assert sheet["D3"].data_type == "s"
    assert client.get(reverse("imports:rejected", args=[record.pk, "pdf"])).status_code == 404


def test_the_next_file_of_the_kind_is_mapped_already(client: Client) -> None:
    first = upload(client)
    mapped(client, first, constant_field_0="company_name", constant_value_0="Olist")
    second = upload(client, "姓名,备注,编号,合同金额\na,b,c,1\n")
    page = text_of(client.get(reverse("imports:mapping", args=[second.pk])))
    assert "A file with these columns came before" in page
    assert "Remembered" in page
    assert 'value="Olist"' in page
    assert SavedMapping.objects.count() == 1


def test_mistakes_stay_on_the_page(client: Client) -> None:
    record = upload(client)
    response = mapped(client, record, column_1="")
    assert response.status_code == 422
    assert "it is required" in text_of(response)
    record.refresh_from_db()
    assert record.state == State.UPLOADED
    response = mapped(client, record, match_on="external_id")
    assert "Name the source system" in text_of(response)


def test_two_columns_with_one_field_are_joined(client: Client) -> None:
    record = upload(client)
    mapped(client, record, column_3="name")
    record.refresh_from_db()
    assert record.mapping is not None
    assert {"field": "name", "from": ["姓名", "备注"]} in record.mapping["columns"]


def test_what_is_no_table_is_refused_with_a_sentence(client: Client) -> None:
    file = SimpleUploadedFile("leads.xlsx", b"%PDF-1.7")
    response = client.post(reverse("imports:upload"), {"target": "things", "file": file})
    assert response.status_code == 422
    assert "This is not a table" in text_of(response)
    assert not Import.objects.exists()


def test_reading_it_another_way(client: Client) -> None:
    record = upload(client, "a;b,c\n1;2,3\n")
    assert [column["name"] for column in record.columns] != ["a", "b,c"]
    data = {"encoding": "utf-8", "delimiter": ";", "header_row": "1"}
    client.post(reverse("imports:reading", args=[record.pk]), data)
    record.refresh_from_db()
    assert [column["name"] for column in record.columns] == ["a", "b,c"]
    client.post(reverse("imports:reading", args=[record.pk]), {**data, "encoding": "utf-16"})
    assert "UTF-16" in text_of(client.get(reverse("imports:mapping", args=[record.pk])))


def test_the_whole_file_is_counted(client: Client) -> None:
    record = upload(client, "编号,姓名,合同金额,备注\n" + "".join(f"x{n},n{n},1,\n" for n in range(300)))
    mapped(client, record)
    assert "Count the whole file" in text_of(client.get(reverse("imports:preview", args=[record.pk])))
    answer = client.post(reverse("imports:survey", args=[record.pk]), headers={"HX-Request": "true"})
    assert 'hx-trigger="every 1s"' in text_of(answer)
    run_waiting()
    answer = client.get(reverse("imports:survey", args=[record.pk]), headers={"HX-Request": "true"})
    assert "every 1s" not in text_of(answer)
    assert "<dd>300</dd>" in text_of(answer)


def test_the_same_file_is_warned_of(client: Client) -> None:
    record = upload(client)
    mapped(client, record)
    client.post(reverse("imports:run", args=[record.pk]))
    run_waiting()
    again = upload(client)
    assert "This very file was imported" in text_of(client.get(reverse("imports:mapping", args=[again.pk])))


def test_stop(client: Client) -> None:
    record = upload(client)
    mapped(client, record)
    client.post(reverse("imports:run", args=[record.pk]))
    client.post(reverse("imports:cancel", args=[record.pk]))
    assert "Stopped after 0 rows" in text_of(client.get(reverse("imports:import", args=[record.pk])))


def test_ambiguous_dates_are_shown(client: Client) -> None:
    record = upload(client, "编号,姓名,创建时间,备注\nx1,a,01/02/2018,\n")
    mapped(client, record, column_2="created")
    assert "no date tells whether day or month comes first" in text_of(
        client.get(reverse("imports:preview", args=[record.pk]))
    )


def test_list_and_mapping_file(client: Client) -> None:
    assert "Bring your leads in" in text_of(client.get(reverse("imports:imports")))
    record = upload(client)
    mapped(client, record)
    page = text_of(client.get(reverse("imports:imports")))
    assert "线索.csv" in page
    answer = client.get(reverse("imports:mapping_file", args=[record.pk]))
    assert answer.json() == Import.objects.get().mapping


@pytest.mark.parametrize("role", ["sales", "telemarketing", "executive"])
def test_others_may_not(client: Client, role: str) -> None:
    record = upload(client)
    client.force_login(User.objects.create(username="other", role=role))
    for name in ("imports:mapping", "imports:import", "imports:preview"):
        assert client.get(reverse(name, args=[record.pk])).status_code == 403
    assert client.get(reverse("imports:imports")).status_code == 403
    assert client.post(reverse("imports:run", args=[record.pk])).status_code == 403


def test_hostile_cells_are_text(client: Client) -> None:
    record = upload(client, '编号,姓名,合同金额,备注\n"<script>alert(1)</script>",a,1,\n')
    mapped(client, record)
    page = text_of(client.get(reverse("imports:preview", args=[record.pk])))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
