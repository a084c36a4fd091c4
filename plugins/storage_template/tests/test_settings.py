"""What administrators are told, offered and refused."""

from typing import Any

import pytest

from immich_host.testing.host import expect
from immich_storage_template.variables import PRESETS

from .conftest import Library


async def config(library: Library, **changes: Any) -> tuple[Any, dict[str, Any]]:
    client = await library.host.client()
    current = expect(await client.get("/api/system-config"), 200)
    current["storageTemplate"] |= changes
    return client, current


async def test_it_is_off_by_default(library: Library) -> None:
    _, current = await config(library)
    assert current["storageTemplate"] == {
        "enabled": False,
        "hashVerificationEnabled": True,
        "template": "{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}",
    }


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{y}}/{{filname}}", "unknown variable {{filname}} at character 7"),
        ("{{#if album}}{{album}}/{{filename}}", "{{#if album}} at character 1 has no {{/if}}"),
        ("../{{filename}}", "the path leads out of the user's folder"),
        ("", "it is empty"),
    ],
)
async def test_a_bad_template_is_refused_with_the_reason(library: Library, template: str, why: str) -> None:
    client, wanted = await config(library, template=template)
    answer = expect(await client.put("/api/system-config", json=wanted), 400)
    assert answer["message"] == "Validation failed"
    assert answer["errors"] == [
        {"code": "custom", "path": ["storageTemplate", "template"], "message": f"Invalid storage template: {why}"}
    ]
    _, current = await config(library)
    assert current["storageTemplate"]["template"] == PRESETS[0]


async def test_presets_are_taken(library: Library) -> None:
    for preset in PRESETS:
        client, wanted = await config(library, enabled=True, template=preset)
        assert expect(await client.put("/api/system-config", json=wanted), 200)["storageTemplate"]["template"] == preset


async def test_options(library: Library) -> None:
    client = await library.host.client()
    assert expect(await client.get("/api/system-config/storage-template-options"), 200) == {
        "yearOptions": ["y", "yy"],
        "monthOptions": ["M", "MM", "MMM", "MMMM"],
        "weekOptions": ["W", "WW"],
        "dayOptions": ["d", "dd"],
        "hourOptions": ["h", "hh", "H", "HH"],
        "minuteOptions": ["m", "mm"],
        "secondOptions": ["s", "ss", "SSS"],
        "presetOptions": list(PRESETS),
    }
    ann = await library.host.client("ann")
    expect(await ann.get("/api/system-config/storage-template-options"), 403)


async def test_a_bad_template_in_the_database_moves_nothing(library: Library) -> None:
    await library.use("{{filename}}")
    await library.db.execute(
        "UPDATE system_metadata SET value = jsonb_set(value, '{storageTemplate,template}', '\"{{oops}}\"')"
        " WHERE key = 'system-config'"
    )
    await library.host.kernel.live_settings.stop()
    await library.host.kernel.live_settings.start()
    asset_id = await library.upload()
    assert (await library.path(asset_id)).is_relative_to(library.root / "upload")
