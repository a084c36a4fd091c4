import asyncio
import json
from contextlib import suppress

import pytest

from immich_host.plugin_api import Refused
from immich_host.settings.catalogue import dumped
from immich_host.settings.dto_admin import AdminConfigDto
from immich_host.settings.store import ConfigFileInvalid, JobSection, LiveSettings, ThemeSection, TrashSection
from immich_host.testing.waiting import PATIENCE

SQL = "INSERT INTO system_metadata (key, value) VALUES ('system-config', $1)"


def changed(live: LiveSettings, **parts: dict) -> AdminConfigDto:
    document = dumped(live.config)
    for key, values in parts.items():
        document[key] |= values
    return AdminConfigDto.model_validate(document)


async def stored(db) -> dict | None:
    value = await db.fetchval("SELECT value FROM system_metadata WHERE key = 'system-config'")
    return json.loads(value) if value else None


async def told(process) -> frozenset:
    return await asyncio.wait_for(process.changes.get(), PATIENCE)


async def test_a_new_server_has_the_defaults_and_stores_nothing(process, db):
    assert process.live.get(TrashSection) == TrashSection()
    assert process.live.config == process.live.default_config
    assert await stored(db) is None


async def test_only_the_difference_is_stored(process, db):
    await process.live.update(changed(process.live, trash={"days": 3}))
    assert await stored(db) == {"trash": {"days": 3}}
    assert process.live.get(TrashSection).days == 3
    await process.live.update(process.live.default_config)
    assert await stored(db) is None
    assert process.live.get(TrashSection).days == 30


async def test_a_change_reaches_another_process(process, other):
    await process.live.update(changed(process.live, job={"sidecar": {"concurrency": 9}}))
    assert await told(other) == {JobSection}
    assert other.live.get(JobSection).of("sidecar") == 9


async def test_a_change_by_hand_reaches_every_process(process, other, db):
    await db.execute(SQL, '{"theme": {"customCss": "b{}"}}')
    for one in (process, other):
        assert await told(one) == {ThemeSection}
        assert one.live.get(ThemeSection).custom_css == "b{}"
    await db.execute("DELETE FROM system_metadata")
    for one in (process, other):
        assert await told(one) == {ThemeSection}
        assert one.live.config.theme.custom_css == ""


async def test_each_process_is_told_once(process, other):
    await process.live.update(changed(process.live, trash={"days": 3}))
    await process.live.update(changed(process.live, trash={"days": 4}))
    while other.live.get(TrashSection).days != 4:
        await told(other)
    assert [await told(process), await told(process)] == [{TrashSection}, {TrashSection}]
    assert process.changes.empty()


async def test_invalid_rows_do_not_stop_the_server(process, db):
    await db.execute(SQL, '{"trash": {"days": "soon", "enabled": false}, "theme": {"customCss": "c"}, "x": 1}')
    assert await told(process) == {ThemeSection}
    assert process.live.get(TrashSection) == TrashSection()


async def test_a_plugins_part_is_served_in_immichs_document(process, other, db):
    await process.live.update(changed(process.live, metadata={"faces": {"import": True}}))
    assert await stored(db) == {"metadata": {"faces": {"import": True}}}
    await told(other)
    (faces,) = [value for key, value in other.live.of_plugin("tones").items() if key == "metadata.faces"]
    assert faces.import_ is True
    assert [(old.import_, new.import_) for old, new in other.tuner.told] == [(False, True)]
    assert len(process.tuner.told) == 1


async def test_a_plugins_own_part_stays_out_of_immichs_document_and_survives_it(process, db):
    tones = type(process.live.of_plugin("tones")["tones"])
    await process.live.update_section(tones(pitch=432))
    assert "tones" not in dumped(process.live.config)
    await process.live.update(changed(process.live, trash={"days": 2}))
    assert await stored(db) == {"tones": {"pitch": 432}, "trash": {"days": 2}}
    assert process.live.get(tones).pitch == 432


async def test_a_plugin_may_refuse(process, db):
    tones = type(process.live.of_plugin("tones")["tones"])
    with pytest.raises(Refused, match="not played here") as caught:
        await process.live.update_section(tones(pitch=666))
    assert caught.value.status == 400
    assert await stored(db) is None
    assert process.live.get(tones).pitch == 440


async def test_a_plugins_own_limits_are_checked(process, db):
    tones = type(process.live.of_plugin("tones")["tones"])
    with pytest.raises(Refused, match="Validation failed") as caught:
        await process.live.update_section(tones.model_construct(pitch=0))
    assert caught.value.errors
    assert caught.value.errors[0]["path"] == ["tones", "pitch"]
    assert await stored(db) is None


async def test_a_listener_that_fails_does_not_stop_the_others(process):
    async def broken(_sections) -> None:
        raise RuntimeError("no")

    process.live._listeners.insert(0, broken)
    await process.live.update(changed(process.live, trash={"days": 3}))
    assert await told(process) == {TrashSection}


async def test_a_listener_may_change_settings_itself(process, db):
    async def follow(sections) -> None:
        if TrashSection in sections:
            await process.live.update_section(ThemeSection(custom_css="e"))

    process.live.on_change(follow)
    await process.live.update_section(TrashSection(days=8))
    while process.live.get(ThemeSection).custom_css != "e":
        await told(process)
    assert await stored(db) == {"trash": {"days": 8}, "theme": {"customCss": "e"}}


async def test_a_change_is_told_here_before_it_is_answered_whoever_tells_it(process, other):
    """A change by hand is being told while another is made: that one does not end before its own is told."""
    entered, gate = asyncio.Event(), asyncio.Event()

    async def slow(sections) -> None:
        if TrashSection in sections:
            entered.set()
            await gate.wait()

    process.live.on_change(slow)
    await other.live.update_section(TrashSection(days=8))
    await entered.wait()
    change = asyncio.create_task(process.live.update_section(ThemeSection(custom_css="f")))
    while other.live.get(ThemeSection).custom_css != "f":
        await told(other)
    assert not change.done()
    gate.set()
    await change
    assert process.live.get(ThemeSection).custom_css == "f"


async def test_many_changes_end_the_same_everywhere(process, other):
    for days in range(1, 30):
        await (process, other)[days % 2].live.update_section(TrashSection(days=days))
    while other.live.get(TrashSection).days != 29 or process.live.get(TrashSection).days != 29:
        await asyncio.gather(told(process), told(other), return_exceptions=True)
    assert process.live.config == other.live.config


async def test_changes_at_the_same_time_do_not_undo_each_other(process, other, db):
    await asyncio.gather(
        process.live.update_section(TrashSection(days=8)),
        other.live.update_section(ThemeSection(custom_css="d")),
    )
    assert await stored(db) == {"trash": {"days": 8}, "theme": {"customCss": "d"}}


async def test_a_rolled_back_change_holds_nowhere(process, db):
    with suppress(ZeroDivisionError):
        async with db.transaction():
            await process.live.update_section(TrashSection(days=8))
            raise ZeroDivisionError
    assert process.live.get(TrashSection).days == 30
    assert await stored(db) is None


@pytest.fixture
def with_file(db, process, tmp_path):
    def make(text: str):
        file = tmp_path / "settings.json"
        file.write_text(text)
        return type(process)(db, file)

    return make


async def test_a_file_says_everything_and_cannot_be_changed(with_file, db):
    await db.execute(SQL, '{"trash": {"days": 1}}')
    async with with_file('{"trash": {"enabled": false}}').running() as one:
        assert one.live.get(TrashSection) == TrashSection(enabled=False, days=30)
        with pytest.raises(Refused, match=r"settings\.json") as caught:
            await one.live.update(one.live.config)
        assert caught.value.status == 400


@pytest.mark.parametrize("text", ["{", "[]", '{"trash": {"days": -1}}'])
async def test_a_bad_file_is_told_at_the_start(with_file, text):
    with pytest.raises(ConfigFileInvalid, match=r"settings\.json"):
        await with_file(text).live.start()
