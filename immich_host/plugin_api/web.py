"""Declaring HTTP routes: one description from which come the route, its checks and its OpenAPI entry.

A handler's annotations say what it takes:

* `caller: Caller` who asks; `host: Host` the host's ports; `request` the Quart request, for its cookies;
* a parameter named as in the path (`{id}`) with type `UUID`, `str`, `int` or an enum;
* `body: SomeDto` the JSON body; `query: SomeDto` the query string as one model;
* the return annotation is the answer's type: a DTO, a list of them, `None` for an empty 204,
  `RawJson` for ready-made JSON text (name its type in `answers`), `Answer[...]` to choose the
  status or add headers, or a Quart response.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from immich_host.plugin_api.permissions import Permission

type Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
type Handler = Callable[..., Awaitable[Any]]

FREE: Literal["free"] = "free"
"""In place of a permission: any signed-in caller, and any API key, whatever it was granted."""

_AT_ONCE: Final = 2**16


@dataclass(frozen=True, slots=True)
class SharedLinkView:
    """The shared link that a caller came by.

    `wants_password`: the link has a password that the caller has not given; only routes that say so
    (`before_password`) are open.
    """

    id: UUID
    album_id: UUID | None
    allow_upload: bool
    allow_download: bool
    show_metadata: bool
    wants_password: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account, and by which credential.

    `permissions` is None for sessions (never limited) and a set for API keys.
    `elevated` is true while the session is unlocked by PIN. With `shared_link` set, `user_id` is
    the link's owner and only what the link shows may be reached.
    """

    user_id: UUID
    email: str
    name: str
    is_admin: bool
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    permissions: frozenset[str] | None = None
    elevated: bool = False
    shared_link: SharedLinkView | None = None


@dataclass(frozen=True, slots=True)
class RawJson:
    """JSON text that is sent as it is; for large answers that the database builds."""

    text: str | bytes


@dataclass(frozen=True, slots=True)
class Answer[T]:
    """A body with a status or headers of its own."""

    body: T
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ByteStream:
    """A streamed answer of unknown length, e.g. an archive."""

    chunks: AsyncIterator[bytes]
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


async def json_list(pages: AsyncIterator[Sequence[bytes]]) -> ByteStream:
    """A JSON list that is sent while it is read, for answers of unbounded length.

    Args:
        pages: Entries as JSON, some at a time; a page may be empty. The first is read before anything is sent, so that
            what fails is told by the status.
    """
    first = await anext(pages, None) or ()  # a default of () is more than anext can take
    return ByteStream(_written(first, pages), content_type="application/json; charset=utf-8")


async def _written(first: Sequence[bytes], pages: AsyncIterator[Sequence[bytes]]) -> AsyncIterator[bytes]:
    yield b"[" + b",".join(first)
    is_empty = not first
    async for page in pages:
        for some in _together(page):
            yield some if is_empty else b"," + some
            is_empty = False
    yield b"]"


def _together(entries: Sequence[bytes]) -> Iterator[bytes]:
    """Entries with commas between, so many bytes at a time: what is sent costs the same however little it is."""
    begin = size = 0
    for place, entry in enumerate(entries, 1):
        size += len(entry)
        if size >= _AT_ONCE or place == len(entries):
            yield b",".join(entries[begin:place])
            begin, size = place, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One declared route; see `Routes.add` for the meaning of each field."""

    method: Method
    path: str
    handler: Handler
    tag: str
    permission: Permission | Literal["free"] | None
    operation_id: str = ""
    status: int | None = None
    public: bool = False
    admin: bool = False
    shared_link: bool = False
    before_password: bool = False
    session_only: bool = False
    answers: Any = None
    also_answers: Mapping[int, Any] = field(default_factory=dict[int, Any])
    body_type: str = "application/json"
    body_model: Any = None
    query_model: Any = None
    answer_type: str = "application/json"
    headers: Mapping[str, type] = field(default_factory=dict[str, type])
    raw: bool = False
    deprecated: bool = False


class Routes:
    """A collection of routes under one OpenAPI tag, below `/api`.

    Plugins name routes that Immich does not have `/plugins/<plugin>/...`.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: list[Route] = []

    def add(
        self,
        method: Method,
        path: str,
        *,
        permission: Permission | Literal["free"] | None = None,
        public: bool = False,
        **options: Any,
    ) -> Callable[[Handler], Handler]:
        """Declare a route.

        Args:
            method: HTTP method.
            path: Below `/api`, with `{name}` for parameters.
            permission: What an API key must hold; `FREE` for none. Must be given unless `public`.
            public: No credentials are asked for; `caller` is then not available.
            **options: Fields of `Route`: `admin` (administrators only), `shared_link` (callers by
                shared link too), `before_password` (also before they have given its password),
                `session_only` (API keys get 403), `status` (default 200; 204 where the handler returns None),
                `operation_id`, `answers` (type for the
                document where the handler returns RawJson, a stream or a response), `raw` (served by
                the byte lane; the handler gets `(caller, scope, receive, send, **path)`), ...

        Raises:
            ValueError: Neither a permission nor `public`.
        """
        if permission is None and not public:
            msg = f"{method} {path}: a route states its permission, FREE or public=True"
            raise ValueError(msg)

        def declare(handler: Handler) -> Handler:
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    tag=options.pop("tag", self.tag),
                    permission=permission,
                    public=public,
                    **options,
                )
            )
            return handler

        return declare

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a GET route; options as in `add`."""
        return self.add("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a POST route; options as in `add`."""
        return self.add("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PUT route; options as in `add`."""
        return self.add("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PATCH route; options as in `add`."""
        return self.add("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE route; options as in `add`."""
        return self.add("DELETE", path, **options)


def is_https(request: Any) -> bool:
    """Whether a request's client spoke https, to us or to the proxy in front of us: whether cookies are `Secure`."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip().lower()
    return (forwarded or request.scheme) == "https"
