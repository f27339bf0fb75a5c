# ruff: noqa: INP001 - Airflow takes this file as a module of its own
"""Airflow's ``airflow_local_settings``: which keys a task's pod gets, by the task's queue.

KubernetesExecutor knows no queues, so each task that runs on a queue with keys stands here; a test
compares the table with the DAGs. The scheduler calls :func:`pod_mutation_hook` on every pod. A task
that is missing gets the keys that open and sign nothing.
"""

from __future__ import annotations

from kubernetes.client import (
    V1EnvVar,
    V1KeyToPath,
    V1Pod,
    V1SecretVolumeSource,
    V1Volume,
    V1VolumeMount,
)

QUEUES = {
    ("redactory_audit", "inspect"): "record",
    ("redactory_ingest", "publish"): "record",
    ("redactory_ingest", "record"): "record",
    ("redactory_ingest", "release"): "record",
    ("redactory_predict", "predict"): "unseal",
    ("redactory_predict", "update_features"): "unseal",
    ("redactory_predict", "verify_proofs"): "record",
    ("redactory_retention", "expire"): "record",
    ("redactory_rotate_keys", "rotate_keys"): "unseal",
    ("redactory_train", "build_features"): "unseal",
    ("redactory_train", "deal"): "unseal",
    ("redactory_train", "plan_job"): "unseal",
    ("redactory_train", "record_model"): "record",
    ("redactory_train", "reveal"): "unseal",
}
# Each is a Secret named redactory-keys-QUEUE, made of the folder of that name (docs/operations.md).
_PUBLIC = ("log.pub.pem", "quarantine.pub.pem", "reader.pub.pem")
_PRIVATE = {
    "default": (),
    "record": ("log.pem",),
    "unseal": ("log.pem", "owner.pem", "reader.pem"),
}


def pod_mutation_hook(pod: V1Pod) -> None:
    """Mount the keys of the task's queue, read only."""
    told = pod.metadata.annotations or {}
    queue = QUEUES.get((told.get("dag_id"), told.get("task_id")), "default")
    labels = pod.metadata.labels or {}
    pod.metadata.labels = {**labels, "redactory-queue": queue}
    files = [V1KeyToPath(key=name, path=name) for name in (*_PUBLIC, *_PRIVATE[queue])]
    _mount(pod, "keys", f"redactory-keys-{queue}", "/keys/keys", files)
    _mount(pod, "scopes", "redactory-scopes", "/keys/scopes", None)
    if _PRIVATE[queue]:
        only = [V1KeyToPath(key="passphrase", path="passphrase")]
        _mount(pod, "passphrase", f"redactory-keys-{queue}", "/passphrase", only)
        container = pod.spec.containers[0]
        variable = V1EnvVar(name="REDACTORY_PASSPHRASE_FILE", value="/passphrase/passphrase")
        container.env = [*(container.env or ()), variable]


def _mount(pod: V1Pod, name: str, secret: str, path: str, files: list[V1KeyToPath] | None) -> None:
    source = V1SecretVolumeSource(secret_name=secret, items=files, default_mode=0o440)
    pod.spec.volumes = [*(pod.spec.volumes or ()), V1Volume(name=name, secret=source)]
    container = pod.spec.containers[0]
    mount = V1VolumeMount(name=name, mount_path=path, read_only=True)
    container.volume_mounts = [*(container.volume_mounts or ()), mount]
