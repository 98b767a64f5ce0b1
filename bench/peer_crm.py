"""Run by the interpreter of another CRM's environment (`peers.py`): imports a CSV file through that CRM's own endpoint,
as its page does, and prints how many leads it made and the seconds that took."""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from common.models import Org, Profile, User
from common.serializer import OrgAwareRefreshToken
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from leads.models import Lead
from rest_framework.test import APIClient

# The columns of `people.HEADER` that it has a field for; size and industry are fixed English words there.
COLUMNS = {
    0: "last_name",
    1: "phone",
    2: "email",
    3: "company_name",
    4: "job_title",
    7: "city",
    9: "description",
}


def main(path: Path) -> None:
    """`path` has the columns of `people.HEADER` and at most 5,000 rows."""
    call_command("migrate", verbosity=0)
    user = User.objects.create_user(email="admin@example.com")
    org = Org.objects.create(name="Bench")
    profile = Profile.objects.create(user=user, org=org, role="ADMIN", is_active=True)
    token = OrgAwareRefreshToken.for_user_and_org(user, org, profile).access_token
    form = {
        "file": SimpleUploadedFile("leads.csv", path.read_bytes(), "text/csv"),
        "mapping": json.dumps(COLUMNS),
    }
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_HOST="localhost")
    started = time.perf_counter()
    answer = client.post("/api/leads/import/commit/", form, format="multipart")
    seconds = time.perf_counter() - started
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code} {answer.content[:500]!r}")
    print(json.dumps([Lead.objects.filter(org=org).count(), seconds]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
