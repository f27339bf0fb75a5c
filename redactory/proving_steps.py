"""The steps of unattended predictions: features up to date, predict and prove, verify.

Each takes the configuration and the id of the run, and may be repeated after a crash. What a
step returns holds digests and counts. Labels go into files by run and shard, beside the
features; a run that finds nothing new says so and leaves nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audit_ledger import Provenance
from redactory.durable import LocalFolder, open_folder
from redactory.errors import InputError, ProofError
from redactory.featurising.building import build_features
from redactory.featurising.document import FEATURES_FILE
from redactory.featurising.opening import describe_features
from redactory.featurising.settings import DEFAULT_SCOPE, FeatureBuild
from redactory.keys import KeyStore
from redactory.proving import Predicted, Predicting, predict, unproven
from redactory.proving_audit import audit_dataset
from redactory.proving_config import PredictConfig
from redactory.proving_files import readable_log, recorded_predictions
from redactory.proving_models import MODEL_FILE, OwnModel, load_model
from redactory.reading import Trust, checked_head
from zk_proofs.shards import Request

Facts = dict[str, Any]


def update(config: PredictConfig, by: Provenance) -> Facts | None:
    """Bring the feature dataset up to date with its texts, by the spec that it has.

    Returns:
        Counts; None if there is no feature dataset yet.

    Raises:
        InputError: nothing to predict on is configured.
    """
    place = _features(config)
    if not open_folder(place).exists(FEATURES_FILE):
        return None
    if config.dataset is None:
        return {"made": 0}
    info = describe_features(place, Trust(ledger=config.feature_ledger))
    built = build_features(
        FeatureBuild(
            dataset=config.dataset,
            output=place,
            spec=info.spec,
            model=config.encoder,
            trust=Trust(ledger=config.ledger, by=by),
            held_out_share=info.held_out_share,
            scope=config.scope or DEFAULT_SCOPE,
            ledger=config.feature_ledger,
        ),
        KeyStore(),
    )
    return {"made": built.made, "rows": built.rows, "version": built.version}


def predict_new(config: PredictConfig, run_id: str, by: Provenance) -> Facts | None:
    """Predict, with proofs, on the shards that the model has no proofs for.

    Returns:
        Digests and counts of the whole run, also of what an earlier try did; None if there is
        no model yet, or nothing new for it.

    Raises:
        InputError: model and features do not fit together.
        KeyringError: a key is missing.
    """
    own = _model(config)
    if own is None:
        return None
    place, trust = _features(config), Trust(ledger=config.feature_ledger, by=by)
    task = Predicting(
        place,
        run_id,
        trust,
        request=Request(scores=config.shown_scores, labels=config.shown_labels),
        only_new=True,
        keep=_Labels(config, run_id).keep,
    )
    if unproven(place, trust, own.model.model_id):
        for _ in predict(task, own, prove=True):
            pass
    checked, head = checked_head(place, trust, trust.keys())
    made = [
        one.context
        for one in recorded_predictions(readable_log(checked), head.dataset)
        if one.context.run == run_id
    ]
    if not made:
        return None
    return {
        "model_id": own.model.model_id,
        "rows": sum(one.rows for one in made),
        "run": run_id,
        "shards": len(made),
    }


def verify(config: PredictConfig, run_id: str, by: Provenance) -> Facts:
    """Verify the proofs of a run, and record the verdict.

    Raises:
        ProofError: something is not proven; that is on record then.
    """
    place = _features(config)
    keys = _Labels(config, run_id).keys_file
    verdict = audit_dataset(
        place,
        Trust(ledger=config.feature_ledger, by=by),
        run=run_id,
        record=True,
        label_keys=str(keys) if config.shown_labels == "committed" else None,
    )
    bad = [one for one in verdict.findings if one.fault]
    if bad:
        raise ProofError(f"{len(bad)} of {len(verdict.findings)} proofs do not hold")
    return {
        "checkpoint_size": verdict.checkpoint_size,
        "proofs": len(verdict.findings),
        "rows": sum(one.rows for one in verdict.findings),
    }


class _Labels:
    """Keeps the labels of a run: a file of JSON lines a shard, and what opens committed labels.

    Args:
        config: names the folder; its owner alone may look into it.
        run_id: the folder in it.

    Raises:
        InputError: the folder would not be a local one.
    """

    def __init__(self, config: PredictConfig, run_id: str) -> None:
        folder = open_folder(config.labels or f"{_features(config)}.labels")
        if not isinstance(folder, LocalFolder):
            raise InputError("labels go into a local folder", hint="name one: labels")
        self._place = folder.root / run_id
        self.keys_file = self._place / "keys.json"

    def keep(self, made: Predicted) -> None:
        """Write the labels of one shard, again if they were written before."""
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        names, folder = made.classes, LocalFolder(self._place)
        lines = [
            {"label": names[label] if names else label, "record_id": record_id}
            for record_id, label in zip(made.record_ids, made.labels, strict=True)
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        folder.replace(f"{made.shard}.jsonl", text.encode())
        if made.salt:
            name = self.keys_file.name
            known = json.loads(folder.read(name)) if folder.exists(name) else {}
            known[made.proof] = {"labels": made.labels, "salt": made.salt.hex()}
            folder.replace(name, json.dumps(known, sort_keys=True).encode())


def _features(config: PredictConfig) -> str:
    folder = config.features_folder
    if folder is None:
        raise InputError("nothing to predict on is configured", hint="dataset, or features")
    return folder


def _model(config: PredictConfig) -> OwnModel | None:
    """The model that is named, else the one that the log says was trained last."""
    if config.model is not None:
        return load_model(config.model)
    place, trust = _features(config), Trust(ledger=config.feature_ledger)
    checked, head = checked_head(place, trust, trust.keys())
    bodies = (one.statement.body for one in readable_log(checked).entries(kind="trained"))
    trained = [body.model_id for body in bodies if body.dataset == head.dataset and body.model_id]
    if not trained:
        return None
    for file in sorted(Path(config.models or f"{place}.models").glob(f"*/{MODEL_FILE}")):
        found = load_model(str(file.parent))
        if found.model.model_id == trained[-1]:
            return found
    raise InputError("the model that was trained last is not here", hint="model, or models")
