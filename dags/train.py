"""Train: wakes up when a dataset is published, and trains a model that no party can read.

Features are brought up to date, a job is planned and dealt, and every compute party is a task on
a queue of its own, `party-1` and so on: its worker holds that party's keys and no other. Without
cards of parties in the `[train]` table of the standing file, all three run here, which is a
simulation; the model's card says so. Parties that others run are waited for without a slot.

All party tasks must run at the same time, so the deployment needs as many free slots. Reading
rows, dealing and revealing need the reader's private key: queue `unseal`. Recording needs the
log key: queue `record`. A dataset without classes trains nothing. The standing file says, if
anything differs from what the form calls default:

    [train]
    assume_range = true       # the owners vouch for the range of scores
    cards = ["north.json", "south.json", "west.json"]
    party = "party-folder"    # only on the worker of a party's queue
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, TriggerRule

from operators.assets import SEALED_DATASET
from operators.retries import default_args
from operators.training import (
    TRAIN,
    AnnounceDatasetOperator,
    AwaitPartiesOperator,
    BuildFeaturesOperator,
    DealOperator,
    PartyOperator,
    PlanJobOperator,
    RecordModelOperator,
    RevealModelOperator,
    own_parties,
)

with DAG(
    dag_id="redactory_train",
    description="Sealed rows in, a model trained on shares out",
    doc_md=__doc__,
    schedule=[SEALED_DATASET],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    params=TRAIN.form(),
    tags=["redactory"],
    default_args=default_args(),
):
    announced = AnnounceDatasetOperator(task_id="announce_dataset")
    built = BuildFeaturesOperator(task_id="build_features", queue="unseal")
    planned = PlanJobOperator(task_id="plan_job", queue="unseal")
    dealt = DealOperator(task_id="deal", queue="unseal")
    parties = [
        PartyOperator(task_id=f"party_{number}", number=number, queue=f"party-{number}")
        for number in own_parties()
    ]
    # With four parties one may be lost, and all may be other people's; but there must be a deal.
    awaited = AwaitPartiesOperator(
        task_id="await_parties", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS
    )
    revealed = RevealModelOperator(task_id="reveal", queue="unseal")
    recorded = RecordModelOperator(task_id="record_model", queue="record")
    announced >> built >> planned >> dealt >> [*parties, awaited]
    parties >> awaited >> revealed >> recorded
