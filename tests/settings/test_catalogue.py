from typing import ClassVar

import pytest

from immich_host.jobs.queues import QUEUES
from immich_host.plugin_api import Section
from immich_host.settings.catalogue import HOST, IMMICH_KEYS, Catalogue, dumped
from immich_host.settings.dto_admin import AdminConfigDto
from immich_host.settings.sections import HOST_SECTIONS, JobSection


def section(key: str, **fields: object) -> type[Section]:
    annotations = {"key": ClassVar[str]} | {name: type(value) for name, value in fields.items()}
    return type("Made", (Section,), {"key": key, "__annotations__": annotations, "__module__": __name__, **fields})


def test_the_defaults_are_a_whole_document_of_immich():
    defaults = Catalogue().defaults
    assert set(defaults) == IMMICH_KEYS
    assert dumped(AdminConfigDto.model_validate(defaults)) == defaults


def test_every_host_section_is_served_under_its_own_key():
    assert len({known.key for known in HOST_SECTIONS}) == len(HOST_SECTIONS)
    assert {known.key for known in HOST_SECTIONS} <= IMMICH_KEYS
    assert set(Catalogue().owners.values()) == {HOST}


def test_a_job_section_knows_exactly_the_queues_that_can_be_set():
    jobs = JobSection()
    for name, queue in QUEUES.items():
        assert jobs.of(name) == (queue.concurrency if queue.configurable else None), name


def test_a_plugins_defaults_replace_the_idle_ones():
    catalogue = Catalogue()
    catalogue.add(section("metadata.faces", import_=True), "metadata")
    catalogue.add(section("reverseGeocoding", enabled=False), "map")
    assert catalogue.defaults["reverseGeocoding"] == {"enabled": False}


@pytest.mark.parametrize("key", ["trash", "tones.deeper", "tunes"])
def test_keys_of_others_are_refused(key):
    with pytest.raises(ValueError, match=r"belong|not"):
        Catalogue().add(section(key, enabled=True), "tones")


def test_defaults_that_break_the_document_are_refused():
    catalogue = Catalogue()
    before = catalogue.defaults
    with pytest.raises(ValueError, match="defaults"):
        catalogue.add(section("storageTemplate", enabled="perhaps"), "storage_template")
    assert catalogue.defaults == before


def test_what_is_not_valid_counts_as_its_default_and_harms_nothing_else():
    stored = {"trash": {"days": -1}, "theme": {"customCss": "a{}"}, "ffmpeg": {"crf": "high"}, "job": 7}
    reading = Catalogue().read(stored)
    assert reading.config.trash.days == 30
    assert reading.config.theme.custom_css == "a{}"
    assert reading.config.ffmpeg.crf == 23
    assert reading.config.job.sidecar.concurrency == 5
    assert {next(iter(fault["path"])) for fault in reading.faults} == {"trash", "ffmpeg", "job"}
