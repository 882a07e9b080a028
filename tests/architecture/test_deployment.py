"""Deployment files parse, pin their images, check every process and speak of metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.metrics import ALL_PROCESSES, DECLARATIONS
from runtime.settings import Settings

#: what every process and every scrape has beside our declarations
OTHERS = {"up", "process_start_time_seconds", "process_resident_memory_bytes"}
METRIC = re.compile(r"\b(?:tieout_[a-z_]+|process_[a-z_]+|up)\b(?=\s*[{\[)=><]|\s*$|\s)")
ONE_SHOT = {"topics"}


def exposed_names() -> set[str]:
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    return OTHERS | {
        declared.name + suffix for declared in DECLARATIONS for suffix in suffixes.get(declared.kind, ("",))
    }


def loaded(path: Path) -> list[Any]:
    return [part for part in yaml.safe_load_all(path.read_text(encoding="utf-8")) if part is not None]


def yaml_files(root: Path) -> list[Path]:
    found = [*(root / "deploy").rglob("*.yml"), *(root / "deploy").rglob("*.yaml"), *root.glob("*.y*ml")]
    return sorted({*found, root / ".pre-commit-config.yaml"})


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    (document,) = loaded(root / "docker-compose.yml")
    return dict(document["services"])


@pytest.fixture(scope="module")
def rules(root: Path) -> list[dict[str, Any]]:
    (document,) = loaded(root / "deploy" / "prometheus" / "alerts.yml")
    return [rule for group in document["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def dashboards(root: Path) -> list[dict[str, Any]]:
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (root / "deploy" / "grafana" / "dashboards").glob("*.json")
    ]


def images(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "image" and isinstance(value, str):
                yield value
            yield from images(value)
    elif isinstance(node, list):
        for part in node:
            yield from images(part)


def is_pinned(image: str) -> bool:
    tag = image.rpartition("/")[2].partition(":")[2]
    return bool(re.match(r"v?\d+\.\d+", tag))


def test_every_yaml_file_parses_and_pins_its_images(root: Path) -> None:
    found = [image for path in yaml_files(root) for part in loaded(path) for image in images(part)]
    assert len(set(found)) > 4
    assert [image for image in found if not is_pinned(image)] == []


def test_the_dockerfile_pins_its_images_and_drops_root(root: Path) -> None:
    text = (root / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(bases) == 2
    assert all(is_pinned(base) for base in bases)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] not in {"root", "0"}
    assert "HEALTHCHECK" in text


def test_one_version_of_uv_everywhere(root: Path) -> None:
    (wanted,) = re.findall(
        r"^UV_VERSION := (\S+)", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert f"uv=={wanted}" in (root / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def test_every_container_is_checked_limited_and_not_privileged(compose: dict[str, Any]) -> None:
    for name, service in compose.items():
        assert name in ONE_SHOT or "test" in service["healthcheck"], name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service["cap_drop"] == ["ALL"], name
        assert not service.get("privileged"), name


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def ports() -> dict[str, int]:
    fields = Settings.model_fields
    return {
        process: fields["api_port" if process == "api" else f"{process}_metrics_port"].default
        for process in ALL_PROCESSES
    }


def test_each_process_is_asked_at_its_own_port(compose: dict[str, Any], root: Path) -> None:
    for process, port in ports().items():
        assert f"127.0.0.1:{port}/healthz" in compose[process]["healthcheck"]["test"][-1]
    (prometheus,) = loaded(root / "deploy" / "prometheus" / "prometheus.yml")
    scraped = {
        scrape["labels"]["process"]: scrape["targets"]
        for scrape in prometheus["scrape_configs"][0]["static_configs"]
    }
    assert scraped == {process: [f"{process}:{port}"] for process, port in ports().items()}


def test_kubernetes_runs_each_process_checked_and_unprivileged(root: Path) -> None:
    folder = root / "deploy" / "kubernetes"
    (listed,) = loaded(folder / "kustomization.yaml")
    assert {path.name for path in folder.glob("*.yaml")} == {*listed["resources"], "kustomization.yaml"}
    workloads = [
        part
        for name in listed["resources"]
        for part in loaded(folder / name)
        if part["kind"] in {"Deployment", "StatefulSet"}
    ]
    assert {part["metadata"]["name"] for part in workloads} == set(ALL_PROCESSES)
    for part in workloads:
        pod = part["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["ports"][0]["containerPort"] == ports()[part["metadata"]["name"]]


def test_rules_speak_of_metrics_that_exist(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        used = set(METRIC.findall(rule["expr"]))
        assert used, rule["alert"]
        assert used <= exposed_names(), rule["alert"]


def test_dashboards_speak_of_metrics_that_exist(dashboards: list[dict[str, Any]]) -> None:
    panels = [panel for board in dashboards for panel in board["panels"]]
    for panel in panels:
        used = {name for target in panel["targets"] for name in METRIC.findall(target["expr"])}
        assert used, panel["title"]
        assert used <= exposed_names(), panel["title"]


def test_dashboards_are_sound(dashboards: list[dict[str, Any]]) -> None:
    assert dashboards
    for board in dashboards:
        cells = [
            (panel["gridPos"]["x"] + column, panel["gridPos"]["y"] + row)
            for panel in board["panels"]
            for column in range(panel["gridPos"]["w"])
            for row in range(panel["gridPos"]["h"])
        ]
        assert len(cells) == len(set(cells)), "panels overlap"
        assert max(column for column, _ in cells) < 24
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_has_a_section_in_the_runbook(rules: list[dict[str, Any]], root: Path) -> None:
    runbook = (root / "docs" / "operations" / "runbook.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (\w+)$", runbook, re.MULTILINE)
    assert sorted(rule["alert"] for rule in rules) == sorted(sections)
    for rule in rules:
        assert rule["annotations"]["runbook"] == f"docs/operations/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"warning", "critical"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")
def test_promtool_accepts_and_tests_the_rules(root: Path) -> None:
    folder = root / "deploy" / "prometheus"
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        ran = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_metric_pattern_finds_names_and_no_labels() -> None:
    found = METRIC.findall(
        'sum by (tieout) (rate(tieout_a_total{kind="up"}[1m])) / tieout_b_seconds > 2 and up == 0'
    )
    assert found == ["tieout_a_total", "tieout_b_seconds", "up"]


@pytest.mark.parametrize("image", ["redis", "redis:latest", "ghcr.io/a/b:main", "localhost:5000/redis"])
def test_the_pin_rule_catches(image: str) -> None:
    assert not is_pinned(image)
