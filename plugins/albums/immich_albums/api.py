"""What other plugins use of this one: rights to albums, albums as clients see them, putting assets into them.

A plugin that requires `albums` and shows something of one:

```python
if not await allowed_albums(host, caller, Permission.ALBUM_READ, [album_id]):
    raise Refused(400, "Not found or no album.read access")
[album] = await album_answers(host, caller, [album_id])
```
"""

from immich_albums.answers import album_answers
from immich_albums.contents import add_assets
from immich_albums.news import told_members
from immich_albums.rights import allowed_albums

__all__ = ["add_assets", "album_answers", "allowed_albums", "told_members"]
