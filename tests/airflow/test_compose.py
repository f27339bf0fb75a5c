"""What docker-compose.yml must keep to, read as YAML; no container engine is needed."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(SOURCE)["services"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert name == "init" or "healthcheck" in service
    assert name == "postgres" or service["user"].split(":")[0] != "0"
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_no_secret_has_a_default():
    named = re.findall(r"(?<!\$)\$\{([A-Z_]+)([^}]*)\}", SOURCE)
    assert len(named) >= 10
    assert {rest for _, rest in named} == {":?"}


def test_only_the_record_worker_gets_the_passphrase_and_the_log_key():
    holders = {name for name, service in SERVICES.items() if "secrets" in service}
    assert holders == {"worker-record"}
    seal = SERVICES["worker-seal"]
    assert "REDACTORY_PASSPHRASE_FILE" not in seal["environment"]
    assert any(volume.endswith(":/keys:ro") for volume in seal["volumes"])


def test_the_queues_of_the_dags_have_workers():
    asked = set(re.findall(r'queue="(\w+)"', (ROOT / "dags" / "ingest.py").read_text()))
    served = {
        service["command"][service["command"].index("--queues") + 1]
        for service in SERVICES.values()
        if "--queues" in service.get("command", ())
    }
    assert served == asked | {"default"}
