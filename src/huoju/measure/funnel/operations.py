"""Writing what the log tells of leads and payments. Called by the reader alone."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection
from psycopg import sql

from huoju.convert.deals.facts import PaymentRecorded, PaymentWithdrawn
from huoju.core.among import listed
from huoju.core.facts.queries import position_now
from huoju.core.facts.readers import StoredFact
from huoju.measure.warehouse.operations import start_anew
from huoju.qualify.leads.policy import Stage

from .models import FunnelPayment, FunnelRow
from .policy.fold import DIMENSIONS, TIMED, FoldedLead, fold

_TIMES = {stage: "captured_at" if stage is Stage.LEAD else f"{stage.value}_at" for stage in TIMED}
_LEAD_COLUMNS = (
    *("lead_id", *DIMENSIONS, "owner_id", "sdr_id", "stage", *_TIMES.values()),
    *("won_amount", "won_currency", "warnings", "withdrawn", "changed_tx"),
)
_PAYMENT_COLUMNS = ("payment_id", "lead_id", "paid_at", "amount", "currency", "withdrawn", "changed_tx")


def take_in(facts: Sequence[StoredFact]) -> None:
    """Fold a batch of facts, in their order, into the rows of their leads and payments. A constant number of
    statements, whatever the batch's size.

    Raises `MissingLeadError` for a fact about a lead that nobody captured.
    """
    payments: dict[int, tuple[Any, ...]] = {}
    of_leads: list[tuple[StoredFact, Any]] = []
    for fact in facts:
        data = fact.data()
        if isinstance(data, PaymentRecorded | PaymentWithdrawn):
            payments[data.payment_id] = _payment(fact, data, payments.get(data.payment_id))
        else:
            of_leads.append((fact, data))
    leads = _load({data.lead_id for _, data in of_leads})
    for fact, data in of_leads:
        leads[data.lead_id] = fold(leads.get(data.lead_id), data, fact.occurred_at)
    position = position_now()
    if leads:
        _upsert(FunnelRow._meta.db_table, _LEAD_COLUMNS, (_row(lead, position) for lead in leads.values()))
    if payments:
        rows = ((*row, position) for row in payments.values())
        # A withdrawal does not tell when the money had come in: a row keeps the day that it has.
        _upsert(FunnelPayment._meta.db_table, _PAYMENT_COLUMNS, rows, kept=("paid_at",))


def forget_all() -> None:
    """Empty what the reader derived, before a replay."""
    FunnelRow.objects.all().delete()
    FunnelPayment.objects.all().delete()
    for table in ("leads", "payments"):
        start_anew(table)


def _payment(
    fact: StoredFact, data: PaymentRecorded | PaymentWithdrawn, known: tuple[Any, ...] | None
) -> tuple[Any, ...]:
    withdrawn = isinstance(data, PaymentWithdrawn)
    paid_at = known[2] if known else fact.occurred_at
    return data.payment_id, data.lead_id, paid_at, data.amount, data.currency, withdrawn


def _load(ids: set[int]) -> dict[int, FoldedLead]:
    """The leads known so far, as the fold wants them."""
    names = _LEAD_COLUMNS[:-1]
    leads: dict[int, FoldedLead] = {}
    for row in FunnelRow.objects.filter(listed(ids, "lead_id")).values_list(*names):
        value = dict(zip(names, row, strict=True))
        leads[value["lead_id"]] = FoldedLead(
            lead_id=value["lead_id"],
            dimensions={name: value[name] for name in DIMENSIONS},
            times={stage: value[name] for stage, name in _TIMES.items() if value[name] is not None},
            stage=Stage(value["stage"]),
            owner_id=value["owner_id"],
            sdr_id=value["sdr_id"],
            won_amount=value["won_amount"],
            won_currency=value["won_currency"],
            warnings=set(filter(None, value["warnings"].split(","))),
            withdrawn=value["withdrawn"],
        )
    return leads


def _row(lead: FoldedLead, position: int) -> tuple[Any, ...]:
    time = lead.times.get
    return (
        lead.lead_id,
        *lead.dimensions.values(),
        *(lead.owner_id, lead.sdr_id, lead.stage.value),
        *(time(stage) for stage in TIMED),
        *(lead.won_amount, lead.won_currency, ",".join(sorted(lead.warnings)), lead.withdrawn, position),
    )


def _upsert(
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    kept: Sequence[str] = (),
) -> None:
    """COPY `rows` beside the table, then insert or replace by the first column, in its order (no deadlocks).

    Columns in `kept` are written once and not replaced."""
    name, key = sql.Identifier(table), sql.Identifier(columns[0])
    temporary = sql.Identifier(f"{table}_incoming")
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    replaced = sql.SQL(", ").join(
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(column))
        for column in columns[1:]
        if column not in kept
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                temporary, listed, name
            )
        )
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(temporary)) as copy:
            write: Callable[[tuple[Any, ...]], None] = copy.write_row
            for row in rows:
                write(row)
        cursor.execute(
            sql.SQL(
                "INSERT INTO {} ({}) SELECT {} FROM {} ORDER BY {} ON CONFLICT ({}) DO UPDATE SET {}"
            ).format(name, listed, listed, temporary, key, key, replaced)
        )
        cursor.execute(sql.SQL("DROP TABLE {}").format(temporary))
