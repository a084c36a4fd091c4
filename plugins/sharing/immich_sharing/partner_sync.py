"""Partners for the mobile app's copy: who they are, their assets, what files say of these, and their stacks.

What is new goes out in the order of change, whoever's it is, and a session confirms how far it has come. Of a partner
who came later than that everything older is sent first, once (backfill): the confirmation of its lines is `create_id`
of the partnership, which counts them up, and the row's id, or `complete`. A session that has confirmed nothing gets
all as new rows. To repeat a backfill does no harm.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from immich_host.plugin_api.sync import Lines, SyncContext, SyncRows, SyncStream
from immich_host.plugin_api.sync_sql import EXIF, NOT_MINE, STACK, json_object

COMPLETE: Final = "complete"
_NOTHING: Final = UUID(int=0)

_PARTNERS: Final = """
SELECT create_id, shared_by_id FROM partner WHERE shared_with_id = $1 ORDER BY create_id
"""

_PARTNER_ROWS: Final = """
SELECT update_id AS ack, json_build_object(
  'sharedById', shared_by_id, 'sharedWithId', shared_with_id, 'inTimeline', in_timeline)::text AS data
FROM partner WHERE (shared_by_id = $1 OR shared_with_id = $1) AND update_id > $2 ORDER BY update_id
"""
_PARTNERS_GONE: Final = """
SELECT id AS ack, json_build_object('sharedById', shared_by_id, 'sharedWithId', shared_with_id)::text AS data
FROM partner_audit WHERE (shared_by_id = $1 OR shared_with_id = $1) AND id > $2 ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is sent of partners under one request type.

    `owner` is the SQL for whose a row is, `alias` that of the table whose `update_id` counts.
    """

    request: str
    type: str
    backfill: str
    fields: Mapping[str, str]
    source: str
    owner: str
    alias: str
    deleted: str = ""
    gone: str = ""

    @property
    def changed(self) -> str:
        """New and changed rows of `$1` (ids of users), after `$2`."""
        return f"""SELECT {self.alias}.update_id AS ack, {json_object(self.fields)} AS data FROM {self.source}
            WHERE {self.owner} = ANY($1::uuid[]) AND {self.alias}.update_id > $2
            ORDER BY {self.alias}.update_id"""  # noqa: S608 - composed of constants

    @property
    def older(self) -> str:
        """Rows of the user `$1` after `$2`, up to `$3`; `$4` is the partnership's id."""
        return f"""SELECT $4::text || '|' || {self.alias}.update_id AS ack, {json_object(self.fields)} AS data
            FROM {self.source} WHERE {self.owner} = $1 AND {self.alias}.update_id > $2 AND {self.alias}.update_id <= $3
            ORDER BY {self.alias}.update_id"""  # noqa: S608 - composed of constants

    def stream(self) -> SyncStream:
        """What is handed to the host."""
        entities = (*((self.deleted,) if self.deleted else ()), self.backfill, self.type)
        return SyncStream(self.request, run=self._runner(), entities=entities)

    def _runner(self) -> Callable[[SyncContext], Lines]:
        def run(context: SyncContext) -> Lines:
            return _run(self, context)

        return run


@dataclass(frozen=True, slots=True)
class _Partner:
    create_id: UUID
    user_id: UUID


async def _run(kind: _Kind, context: SyncContext) -> AsyncGenerator[bytes]:
    partners = await _partners(context)
    owners = [partner.user_id for partner in partners]
    if kind.deleted:
        after = context.confirmed(kind.deleted) or _NOTHING
        async with aclosing(context.lines(kind.deleted, kind.gone, owners, after)) as lines:
            async for line in lines:
                yield line
    after = context.confirmed(kind.type)
    if after is not None:
        async with aclosing(_older(kind, context, partners, after)) as lines:
            async for line in lines:
                yield line
    elif partners:
        await context.confirm(kind.backfill, partners[-1].create_id, COMPLETE)
    async with aclosing(context.lines(kind.type, kind.changed, owners, after or _NOTHING)) as lines:
        async for line in lines:
            yield line


async def _partners(context: SyncContext) -> Sequence[_Partner]:
    """In the order in which they came."""
    rows = await context.fetch(_PARTNERS, context.user_id)
    return [_Partner(row["create_id"], row["shared_by_id"]) for row in rows]


async def _older(kind: _Kind, context: SyncContext, partners: Sequence[_Partner], upto: UUID) -> AsyncGenerator[bytes]:
    """What is older than what the session has, of partners whose older rows it has not; `upto` is included."""
    known, part = context.confirmed(kind.backfill) or _NOTHING, context.confirmed_extra(kind.backfill)
    for partner in partners:
        if partner.create_id < known or (partner.create_id == known and part == COMPLETE):
            continue
        after = _id(part) if partner.create_id == known else _NOTHING
        source = context.lines(kind.backfill, kind.older, partner.user_id, after, upto, str(partner.create_id))
        async with aclosing(source) as lines:
            async for line in lines:
                yield line
        yield context.acknowledge(kind.backfill, partner.create_id, COMPLETE)


def _id(text: str | None) -> UUID:
    """An id that a client has sent back; whatever is none stands for the beginning."""
    try:
        return UUID(text or "")
    except ValueError:
        return _NOTHING


def _gone(field: str, table: str, column: str, owner: str) -> str:
    return f"""SELECT d.id AS ack, json_build_object('{field}', d.{column})::text AS data FROM {table} d
        WHERE d.{owner} = ANY($1::uuid[]) AND d.id > $2 ORDER BY d.id"""  # noqa: S608 - of constants


_ASSETS: Final = _Kind(
    "PartnerAssetsV2",
    "PartnerAssetV2",
    "PartnerAssetBackfillV2",
    NOT_MINE,
    source="asset a",
    owner="a.owner_id",
    alias="a",
    deleted="PartnerAssetDeleteV1",
    gone=_gone("assetId", "asset_audit", "asset_id", "owner_id"),
)
_STACKS: Final = _Kind(
    "PartnerStacksV1",
    "PartnerStackV1",
    "PartnerStackBackfillV1",
    STACK,
    source="stack s",
    owner="s.owner_id",
    alias="s",
    deleted="PartnerStackDeleteV1",
    gone=_gone("stackId", "stack_audit", "stack_id", "user_id"),
)
_EXIFS: Final = _Kind(
    "PartnerAssetExifsV1",
    "PartnerAssetExifV1",
    "PartnerAssetExifBackfillV1",
    EXIF,
    source="asset_exif e JOIN asset a ON a.id = e.asset_id",
    owner="a.owner_id",
    alias="e",
)

STREAMS: Final = (
    SyncStream("PartnersV1", rows=(SyncRows("PartnerDeleteV1", _PARTNERS_GONE), SyncRows("PartnerV1", _PARTNER_ROWS))),
    _ASSETS.stream(),
    _STACKS.stream(),
    _EXIFS.stream(),
)
