"""What Kubernetes gets: held against the official client's model of its API, and who gets keys."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS = ("network-policy.yaml", "party.yaml", "pod-template.yaml")
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text(encoding="utf-8"))
client = pytest.importorskip("kubernetes.client")

_SCALARS = {"str": str, "int": int, "bool": bool, "float": float, "datetime": str}


def model(value, kind, where):
    """``value`` as the client's model of ``kind``; whatever the API does not know is an error."""
    if kind == "object":  # an integer or a name, a quantity
        assert isinstance(value, (str, int, dict)), where
        return value
    if kind in _SCALARS:
        assert isinstance(value, _SCALARS[kind]), f"{where} is no {kind}"
        return value
    if listed := re.fullmatch(r"list\[(.+)\]", kind):
        assert isinstance(value, list), where
        return [model(each, listed[1], f"{where}[{i}]") for i, each in enumerate(value)]
    if mapped := re.fullmatch(r"dict\[str, (.+)\]", kind):
        assert isinstance(value, dict), where
        return {key: model(each, mapped[1], f"{where}.{key}") for key, each in value.items()}
    made = getattr(client, kind)
    names = {json: name for name, json in made.attribute_map.items()}
    assert isinstance(value, dict), where
    assert set(value) <= set(names), f"{where}: unknown {set(value) - set(names)}"
    arguments = {
        names[key]: model(each, made.openapi_types[names[key]], f"{where}.{key}")
        for key, each in value.items()
    }
    return made(**arguments)  # refuses what lacks something required


def manifests():
    for name in MANIFESTS:
        for document in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")):
            yield name, document


def pod_specs():
    for name, document in manifests():
        if document["kind"] == "Pod":
            yield name, document["spec"]
        elif document["kind"] == "Job":
            yield name, document["spec"]["template"]["spec"]


@pytest.mark.parametrize(("name", "document"), list(manifests()))
def test_manifests_are_what_the_api_knows(name, document):
    made = model(document, f"V1{document['kind']}", name)
    assert made.metadata.name


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda pod: pod["spec"].update(restartPolicies="Never"), "unknown"),
        (lambda pod: pod["spec"]["containers"][0].pop("name"), "name"),
        (lambda pod: pod["spec"].update(automountServiceAccountToken="no"), "is no bool"),
    ],
)
def test_the_check_finds_what_is_wrong(change, problem):
    pod = yaml.safe_load((FOLDER / "pod-template.yaml").read_text(encoding="utf-8"))
    change(pod)
    with pytest.raises((AssertionError, ValueError), match=problem):
        model(pod, "V1Pod", "pod")


@pytest.mark.parametrize(("name", "spec"), list(pod_specs()))
def test_pods_are_confined(name, spec):
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert {"cpu", "memory"} <= set(container["resources"]["limits"])
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+", container["image"])
        for variable in container["env"]:
            if re.search("SECRET|KEY|PASSWORD", variable["name"]):
                assert "secretKeyRef" in variable["valueFrom"]


def test_the_values_hold_what_kubernetes_knows():
    """Those parts of the chart's values that are handed on to Kubernetes as they are."""
    model(VALUES["securityContexts"]["pod"], "V1PodSecurityContext", "pod")
    model(VALUES["securityContexts"]["containers"], "V1SecurityContext", "containers")
    model(VALUES["volumes"], "list[V1Volume]", "volumes")
    model(VALUES["volumeMounts"], "list[V1VolumeMount]", "volumeMounts")
    model(VALUES["env"], "list[V1EnvVar]", "env")
    for part in ("scheduler", "apiServer", "dagProcessor", "triggerer", "migrateDatabaseJob"):
        resources = model(VALUES[part]["resources"], "V1ResourceRequirements", part)
        assert {"cpu", "memory"} <= set(resources.limits)


def test_the_values_hold_no_secret_and_one_version():
    from airflow import __version__ as airflow

    from redactory import __version__

    assert VALUES["images"]["airflow"]["tag"] == __version__
    assert VALUES["airflowVersion"] == airflow
    assert VALUES["executor"] == "KubernetesExecutor"
    for name in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName"):
        assert VALUES[name]
    assert "metadataConnection" not in VALUES["data"]
    assert not [e for e in VALUES["env"] if re.search("SECRET|PASSWORD|FERNET", e["name"])]


@pytest.fixture(scope="module")
def settings():
    spec = importlib.util.spec_from_file_location("local_settings", FOLDER / "local_settings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def queues(deployment):
    """The queue of every task of every DAG, but for those without keys."""
    program = deployment.folder / "queues.py"
    program.write_text(
        "import json\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        f"bag = DagBag(dag_folder={str(ROOT)!r})\n"
        "print('QUEUES', json.dumps([[d.dag_id, t.task_id, t.queue] for d in bag.dags.values()"
        " for t in d.tasks]))\n",
        encoding="utf-8",
    )
    import json

    (line,) = [
        line for line in deployment.python(program).splitlines() if line.startswith("QUEUES ")
    ]
    return {
        (dag, task): queue
        for dag, task, queue in json.loads(line.removeprefix("QUEUES "))
        if queue != "default"
    }


def test_the_table_of_queues_is_that_of_the_dags(settings, queues):
    parties = {key for key, queue in queues.items() if queue.startswith("party-")}
    assert parties  # with REDACTORY_OWN_PARTIES=0, as in the values, there are none
    assert {key: queues[key] for key in queues.keys() - parties} == settings.QUEUES


@pytest.mark.parametrize(
    ("task", "private"),
    [
        (("redactory_ingest", "seal_batch"), set()),
        (("redactory_ingest", "record"), {"log.pem"}),
        (("redactory_train", "deal"), {"log.pem", "owner.pem", "reader.pem"}),
        (("somebody_elses", "deal"), set()),
    ],
)
def test_a_pod_gets_the_keys_of_its_queue(settings, task, private):
    template = yaml.safe_load((FOLDER / "pod-template.yaml").read_text(encoding="utf-8"))
    pod = model(template, "V1Pod", "pod")
    pod.metadata.annotations = dict(zip(("dag_id", "task_id"), task, strict=True))
    settings.pod_mutation_hook(pod)
    model(client.ApiClient().sanitize_for_serialization(pod), "V1Pod", "pod")
    held = {
        item.key
        for volume in pod.spec.volumes
        if volume.secret
        for item in volume.secret.items or ()
    }
    assert {name for name in held if name.endswith(".pem") and ".pub." not in name} == private
    assert ("passphrase" in held) == bool(private)
    mounts = {mount.name: mount for mount in pod.spec.containers[0].volume_mounts}
    assert all(mounts[v.name].read_only for v in pod.spec.volumes if v.secret)


def divided(home, into, **more):
    """Divide a home's keys; returns the exit code and what was said."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("REDACTORY")}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "services", "divide", home, into],
        env=kept | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_divided_keys_hold_the_owners_under_the_passphrase_of_the_others(tmp_path, monkeypatch):
    from redactory.keys import KeyStore

    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    home, into = tmp_path / "home", tmp_path / "workers"
    store = KeyStore(home)
    store.ensure("reader", "quarantine", "log")
    elsewhere = tmp_path / "elsewhere"
    (home / "passphrase").rename(elsewhere)
    code, told = divided(home, into)
    assert code == 1
    assert told.startswith("error: the keys are locked")
    assert len(told.splitlines()) == 1
    assert not into.exists()
    assert not (home / "passphrase").exists()
    for _ in range(2):
        assert divided(home, into, REDACTORY_PASSPHRASE_FILE=str(elsewhere)) == (0, "")
        monkeypatch.setenv("REDACTORY_PASSPHRASE_FILE", str(elsewhere))
        worker = KeyStore(into / "unseal")
        first = worker.keyring.signing_key("owner", worker.passphrase())
        own = store.keyring.signing_key("owner", worker.passphrase())
        assert first.public_key() == own.public_key()
    assert not (into / "seal" / "keys" / "owner.pem").exists()
