"""Imports by program."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from huoju.acquire.imports.models import Import
from huoju.core.access import operations as access
from huoju.core.access.models import User
from huoju.core.access.policy import ApiScope
from huoju.core.jobs import run_waiting

from .conftest import MAPPING, rows_text
from .target import contents

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("things")]


@pytest.fixture
def headers() -> dict[str, str]:
    admin = User.objects.create(username="admin", role="admin")
    _key, secret = access.create_api_key(
        name="test", scopes=[ApiScope.LEADS_WRITE], actor=admin, now=timezone.now()
    )
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}


def send(client: Client, headers: dict[str, str], text: str, **more: Any) -> Any:
    file = SimpleUploadedFile("things.csv", text.encode())
    return client.post("/api/v1/imports", {"file": file, "target": "things", **more}, headers=headers)


def test_upload_run_status_rejected_rollback(client: Client, headers: dict[str, str]) -> None:
    text = rows_text(3) + "x4,bad one,1\n"
    answer = send(client, headers, text, mapping=json.dumps(MAPPING), start="true")
    assert answer.status_code == 201, answer.content
    record = answer.json()
    assert (record["state"], record["rows_estimated"], record["columns"]) == (
        "running",
        4,
        ["id", "name", "amount"],
    )
    run_waiting()
    record = client.get(f"/api/v1/imports/{record['id']}", headers=headers).json()
    assert (record["state"], record["counts"], record["rows_done"]) == ("done", {"new": 3, "rejected": 1}, 4)
    rows = client.get(f"/api/v1/imports/{record['id']}/rows", headers=headers).json()
    assert rows == [{"row": 5, "outcome": "rejected", "reasons": ["Name: The name bad one is bad"]}]
    answer = client.get(f"/api/v1/imports/{record['id']}/rejected.csv", headers=headers)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert body.decode("utf-8-sig").splitlines()[1].startswith("x4,bad one,1,5,")
    assert client.post(f"/api/v1/imports/{record['id']}/rollback", headers=headers).status_code == 202
    run_waiting()
    assert contents() == []


def test_guess_then_mapping_then_preview(client: Client, headers: dict[str, str]) -> None:
    record = send(client, headers, "姓名,手机\n王小明,13812345678\nbad,1\n").json()
    assert record["state"] == "uploaded"
    assert record["mapping"]["columns"] == [
        {"field": "name", "from": "姓名"},
        {"field": "mobile", "from": "手机"},
    ]
    address = f"/api/v1/imports/{record['id']}"
    assert client.get(f"{address}/preview", headers=headers).status_code == 409
    answer = client.put(
        f"{address}/mapping", record["mapping"], content_type="application/json", headers=headers
    )
    assert answer.json()["state"] == "mapped"
    preview = client.get(f"{address}/preview", headers=headers).json()
    assert preview["counts"] == {"new": 1, "rejected": 1}
    assert [row["outcome"] for row in preview["rows"]] == ["new", "rejected"]


def test_mistakes_are_listed(client: Client, headers: dict[str, str]) -> None:
    answer = send(
        client, headers, rows_text(1), mapping='{"version": 1, "columns": [{"field": "nmae", "from": "x"}]}'
    )
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], [problem["field"] for problem in error["fields"]]) == (
        "mapping",
        ["columns[0].field"],
    )
    answer = send(client, headers, "%PDF-1.7")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "file.binary")
    answer = send(client, headers, rows_text(1), target="nothing")
    assert answer.json()["error"]["fields"][0]["code"] == "unknown_target"
    assert not Import.objects.exists()


def test_states_are_guarded(client: Client, headers: dict[str, str]) -> None:
    record = send(client, headers, rows_text(1)).json()
    assert client.post(f"/api/v1/imports/{record['id']}/run", headers=headers).status_code == 409
    assert client.get("/api/v1/imports/999999", headers=headers).status_code == 404


def test_only_with_a_key(client: Client) -> None:
    assert send(client, {}, rows_text(1)).status_code == 401
    assert client.get("/api/v1/imports/1").status_code == 401
