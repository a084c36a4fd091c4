"""The form of an upload: text fields of many clients, read as leniently as their age demands."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Json, ValidationError
from pydantic_core import PydanticCustomError

from immich_host.assets.dto_input import AssetMetadataUpsertItemDto
from immich_host.plugin_api.answers import AssetVisibility
from immich_host.plugin_api.dto import QueryDto
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.types import Id, QueryBool, Timestamp, storable
from immich_host.wire.handlers import Checked
from immich_host.wire.issues import VALIDATION_FAILED, issues_of

_CLOCK = re.compile(r"(?:(\d{1,9})\.)?(\d{1,9}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?")


def _milliseconds(value: object) -> object:
    """Milliseconds, or the `0:00:00.000000` of clients of older servers; nothing for zero."""
    text = str(value).strip()
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups()[:4])
        fraction = int((clock[5] or "0").ljust(3, "0")[:3])
        amount = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + fraction
    else:
        try:
            amount = float(text)
        except ValueError:
            raise PydanticCustomError("int_parsing", "Expected a number") from None
    if not 0 <= amount < 2**31:
        raise PydanticCustomError("greater_than_equal", "Expected a number from 0", {"ge": 0})
    return int(amount) or None


class UploadForm(QueryDto):
    """The fields that mean something; all others are dropped."""

    file_created_at: Annotated[Timestamp, AfterValidator(storable)]
    file_modified_at: Annotated[Timestamp, AfterValidator(storable)]
    filename: str | None = None
    duration: Annotated[int | None, BeforeValidator(_milliseconds)] = None
    is_favorite: QueryBool = False
    visibility: AssetVisibility = AssetVisibility.TIMELINE
    live_photo_video_id: Id | None = None
    metadata: Json[list[AssetMetadataUpsertItemDto]] | None = None

    @property
    def metadata_by_key(self) -> dict[str, dict[str, Any]]:
        """The metadata items; of a repeated key the last one."""
        return {item.key: item.value for item in self.metadata or ()}

    def of_guest(self) -> Self:
        """Without what is the owner's to say: who comes by a shared link adds to the timeline, and no more."""
        kept = {"is_favorite": False, "visibility": AssetVisibility.TIMELINE, "live_photo_video_id": None}
        return self.model_copy(update=kept)


_FORM: Final = Checked(UploadForm)


def read_form(fields: Mapping[str, str], documents: Mapping[str, Sequence[str]] | None = None) -> UploadForm:
    """Check the text fields; an empty one counts as absent.

    Args:
        fields: Text parts by name.
        documents: JSON parts by name: some clients send each metadata item as one.

    Raises:
        Refused: 400 with issues.
    """
    given = {name: value for name, value in fields.items() if value}
    items = (documents or {}).get("metadata", ())
    if items and "metadata" not in given:
        given["metadata"] = items[0] if items[0].lstrip().startswith("[") else f"[{','.join(items)}]"
    try:
        return _FORM.adapter.validate_python(given, by_alias=True, by_name=False)
    except ValidationError as error:
        raise Refused(400, VALIDATION_FAILED, issues_of(error, _FORM.schema)) from None
