import io
import json
import socket
from pathlib import Path

import pytest
from rich.console import Console

from immich_host.runtime import binaries, doctor
from immich_host.runtime.doctor_view import as_lines, show
from immich_host.runtime.settings import RuntimeSettings


@pytest.fixture
def settings(tmp_path: Path) -> RuntimeSettings:
    return RuntimeSettings(data=tmp_path / "data", port=0)


def by_name(findings: list[doctor.Finding]) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in findings}


def test_finds_everything_here_with_versions(settings: RuntimeSettings):
    found = by_name(doctor.report(settings))
    assert {finding.state for finding in found.values()} <= {"ok", "reduced"}
    assert found["PostgreSQL"].version.startswith("18.")
    assert found["pgvector"].version.startswith("0.")
    for name in ("Valkey", "ffmpeg", "ffprobe", "exiftool", "perl", "pillow"):
        assert any(letter.isdigit() for letter in found[name].version), name


def test_says_how_to_get_what_is_missing(settings: RuntimeSettings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    found = by_name(doctor.report(settings))
    for name in ("PostgreSQL", "Valkey", "ffmpeg", "exiftool", "perl"):
        assert found[name].state == "missing"
        assert "install" in found[name].advice


def test_a_library_that_cannot_be_imported_is_a_loss_not_an_end():
    finding = doctor._library("nothing", "immich_host_nothing", "nothing works")
    assert finding.state == "reduced"
    assert "nothing works" in finding.advice


def test_a_taken_port_and_data_of_another_version_are_found(tmp_path: Path):
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        found = by_name(doctor.report(RuntimeSettings(data=tmp_path, port=other.getsockname()[1])))
    assert found["port"].state == "missing"
    assert "--port" in found["port"].advice
    assert "made by PostgreSQL 9" in found["PostgreSQL"].advice


def test_a_data_folder_that_is_a_file_is_found(tmp_path: Path):
    (tmp_path / "data").write_text("")
    found = by_name(doctor.report(RuntimeSettings(data=tmp_path / "data", port=0)))
    assert found["data folder"].state == "missing"


def test_own_servers_are_not_looked_for(tmp_path: Path):
    settings = RuntimeSettings(data=tmp_path, port=0, database_url="postgresql://a", redis_url="redis://b")
    found = by_name(doctor.report(settings))
    assert found["PostgreSQL"].detail == "your own server (IMMICH_HOST_DATABASE_URL)"
    assert "pgvector" not in found


def test_is_shown_to_people_and_programs():
    findings = [doctor.Finding("perl", "missing", advice="install it"), doctor.Finding("Python", "ok", "3.13.0")]
    out = io.StringIO()
    show(findings, Console(file=out, width=80))
    assert "perl: install it" in out.getvalue()
    assert json.loads(as_lines(findings))[1] == {
        "name": "Python",
        "state": "ok",
        "version": "3.13.0",
        "detail": "",
        "advice": "",
    }
