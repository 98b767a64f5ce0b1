"""From a submitted form to an owner: real web and worker processes, submissions one after the other."""

import http.client
import json
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from huoju.convert.routing.operations import save_seat
from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope

from .harness import Figure, benchmark
from .imports import HUOJU, wait_for_readers, worker
from .policies import GIVEN

SUBMISSIONS, A_SECOND = 200, 5
LIMIT = 1000

_ELAPSED = """
SELECT extract(epoch FROM assigned.recorded_at - submitted.recorded_at) * 1000
FROM facts_fact submitted
JOIN facts_fact captured ON captured.kind = 'lead.captured'
     AND captured.payload->>'submission_id' = submitted.payload->>'submission_id'
JOIN facts_fact assigned ON assigned.kind = 'lead.assigned'
     AND assigned.payload->>'lead_id' = captured.payload->>'lead_id'
WHERE submitted.kind = 'form.submitted'
"""


@contextmanager
def _web() -> Iterator[int]:
    """`huoju web` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [HUOJU, "web", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 90
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the web process did not start")
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/healthz", headers={"Host": "localhost"})
        return link.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        link.close()


@benchmark("latency")
def from_submission_to_owner() -> None:
    """The times that the log recorded: submitted, and assigned; the limit is a second."""
    now = timezone.now()
    admin = User.objects.create(username="bench-admin", name="Admin", role="admin")
    for number in range(5):
        user = User.objects.create(username=f"rep{number}", name=f"Rep {number}", role="sales")
        save_seat(
            user_id=user.pk,
            regions=[],
            products=[],
            capacity=1000,
            weight=1,
            away=False,
            actor="bench",
            now=now,
        )
    _, secret = create_api_key(name="bench", scopes=[ApiScope.LEADS_WRITE], actor=admin, now=now)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Host": "localhost"}
    with worker(), _web() as port:
        for number in range(SUBMISSIONS):
            begun = time.monotonic()
            body = {
                "name": f"王{GIVEN[number % len(GIVEN)]}",
                "mobile": f"1382719{number:04d}",
                "email": f"wang{number}@firm{number}.cn",
                "company": f"深圳示例{GIVEN[number % len(GIVEN)]}{number}科技有限公司",
                "title": "数据总监",
                "company_size": "100-499",  # all that the default criteria ask for: an MQL at once
            }
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            link.request("POST", "/api/v1/leads", json.dumps(body), headers)
            answer = link.getresponse()
            if answer.status != http.client.ACCEPTED:
                raise RuntimeError(f"{answer.status}: {answer.read()[:500]!r}")
            link.close()
            time.sleep(max(0.0, 1 / A_SECOND - (time.monotonic() - begun)))
        time.sleep(1)
        wait_for_readers()
    with connection.cursor() as cursor:
        cursor.execute(_ELAPSED)
        times = sorted(float(elapsed) for (elapsed,) in cursor.fetchall())
    if len(times) < SUBMISSIONS * 0.9:
        with connection.cursor() as cursor:
            cursor.execute("SELECT kind, count(*) FROM facts_fact GROUP BY 1 ORDER BY 1")
            raise RuntimeError(f"{len(times)} of {SUBMISSIONS} submissions were routed: {cursor.fetchall()}")
    note = f"{len(times)} submissions through the API, about {A_SECOND} a second, until an owner is assigned"
    cuts = statistics.quantiles(times, n=20)
    Figure("latency.p50", statistics.median(times), "ms", LIMIT, f"{note}; reference: limit").emit()
    Figure("latency.p95", cuts[-1], "ms", LIMIT, f"{note}; reference: limit").emit()
