"""Static pages that plugins bring (`register_pages`), below their prefixes and while they are on."""

from pathlib import Path

from quart import Quart, Response, send_from_directory
from werkzeug.exceptions import NotFound

from immich_host.hosting import Hosting, Stage

INDEX = "index.html"


class PluginPages:
    """Finds the file of an address; the longest prefix wins."""

    def __init__(self, hosting: Hosting) -> None:
        """Take what plugins bring; a plugin that claims another's prefix is broken by it."""
        self._hosting = hosting
        self._places: dict[str, tuple[str, Path]] = {}
        for record in hosting.order:
            for prefix, folder in record.brings.pages:
                place = prefix.strip("/")
                if place in self._places:
                    record.break_at(Stage.LOAD, f"the pages /{place} are of {self._places[place][0]} already")
                    break
                self._places[place] = (record.name, folder)

    def bind(self, app: Quart) -> None:
        """Answer every address that no route has, if any plugin brings pages."""

        async def page(path: str) -> Response:
            found = await self.answer(path)
            if found is None:
                raise NotFound
            return found

        if self._places:
            app.add_url_rule("/<path:path>", "GET pages of plugins", page, methods=["GET"])

    async def answer(self, path: str) -> Response | None:
        """The file at a path without its leading slash, a folder's index; None where there is none."""
        for place in sorted(self._places, key=len, reverse=True):
            plugin, folder = self._places[place]
            if self._hosting.is_enabled(plugin) and (not place or f"{path}/".startswith(f"{place}/")):
                name = path.removeprefix(place).strip("/")
                return await _file(folder, f"{name}/{INDEX}" if (folder / name).is_dir() else name)
        return None


async def _file(folder: Path, name: str) -> Response | None:
    try:
        response = await send_from_directory(folder, name.lstrip("/"))
    except NotFound:
        return None
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
