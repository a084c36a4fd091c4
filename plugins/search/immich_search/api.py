"""What other plugins use of this one: the filters of all searches, and a page of what was found.

A search of your own has a body that extends `SearchBody`, marks its own flat fields with `OLD`, and asks `conditions`
which assets it is about:

```python
found = await conditions(host, caller, body)
rows = await host.db.fetch(
    f"SELECT asset.id FROM asset LEFT JOIN asset_exif AS exif ON exif.asset_id = asset.id "
    f"WHERE {found.where} LIMIT {found.argument(100)}",
    *found.args,
)
items = await host.assets.answers_json(caller, [row["id"] for row in rows], extras=())
return as_page(items.values())
```
"""

from immich_search.answers import SearchResponseDto
from immich_search.bodies import OLD, SearchBody
from immich_search.filters import SearchFilter
from immich_search.searching import conditions
from immich_search.showing import as_page

__all__ = ["OLD", "SearchBody", "SearchFilter", "SearchResponseDto", "as_page", "conditions"]
