from pathlib import Path

import pytest
from pydantic import ValidationError

from immich_host.runtime.embedded import NotRunning, connected, database
from immich_host.runtime.memory import LEAST_FOR_JOBS, machine
from immich_host.runtime.plan import Plan
from immich_host.runtime.settings import RuntimeSettings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in RuntimeSettings.model_fields:
        monkeypatch.delenv(f"IMMICH_HOST_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_serve_this_machine_from_the_current_folder(tmp_path: Path):
    settings = RuntimeSettings()
    assert (settings.host, settings.port) == ("127.0.0.1", 2283)
    assert settings.media_folder == tmp_path / "data" / "media"
    assert settings.api_processes >= 1


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMMICH_HOST_DATABASE_URL", "postgresql://somewhere/photos")
    monkeypatch.setenv("IMMICH_HOST_PORT", "80")
    monkeypatch.setenv("IMMICH_HOST_MEDIA_LOCATION", "/srv/photos")
    settings = RuntimeSettings()
    assert settings.database_url == "postgresql://somewhere/photos"
    assert (settings.port, settings.media_folder) == (80, Path("/srv/photos"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"), ("API_PROCESSES", "0"), ("LOG_FORMAT", "xml"), ("WORK_MEMORY", "100MB"),
        ("WORK_MEMORY", "much"), ("DATABASE_URL", "mysql://somewhere/photos"), ("REDIS_URL", "somewhere:6379"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(f"IMMICH_HOST_{name}", value)
    with pytest.raises(ValidationError):
        RuntimeSettings()


@pytest.mark.parametrize(("value", "size"), [("2GB", 2_000_000_000), ("300MiB", 300 << 20), ("0", 0)])
def test_memory_is_given_in_units(monkeypatch: pytest.MonkeyPatch, value: str, size: int):
    monkeypatch.setenv("IMMICH_HOST_WORK_MEMORY", value)
    assert RuntimeSettings().work_memory == size


def test_memory_of_the_machine_is_shared_by_the_workers():
    one, many = RuntimeSettings(work_processes=1).work_memory, RuntimeSettings(work_processes=1000).work_memory
    assert machine() // 2 < one < machine()
    assert many == LEAST_FOR_JOBS


def test_a_child_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    settings = RuntimeSettings(port=1234, redis_url="redis://there", log_format="json", ffmpeg="path")
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    child = RuntimeSettings()
    assert child == settings
    assert child.media_folder == tmp_path / "data" / "media"
    plan = Plan.from_environment()
    assert (plan.data, plan.port, plan.as_json) == (tmp_path / "data", 1234, True)
    assert (plan.database_url, plan.redis_url) == (None, "redis://there")


def test_every_setting_is_described():
    assert all(field.description for field in RuntimeSettings.model_fields.values())


def test_parts_alone_say_that_they_need_servers():
    with pytest.raises(NotRunning, match="IMMICH_HOST_DATABASE_URL"):
        connected(RuntimeSettings())
    given = RuntimeSettings(database_url="postgresql://a", redis_url="redis://b")
    assert connected(given) == given


def test_a_short_command_runs_the_database_meanwhile():
    settings = RuntimeSettings()
    with database(settings) as address, database(settings) as again:
        assert address == again
        assert connected(settings.model_copy(update={"redis_url": "redis://b"})).database_url == address
    with pytest.raises(NotRunning):
        connected(settings)
