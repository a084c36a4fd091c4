"""Tables of assets that are read row by row, as Piccolo sees them; the schema is in the host's migrations."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    DoublePrecision,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class AssetExif(Table, tablename="asset_exif"):
    """Metadata that is shown and searched."""

    asset_id = UUID(primary_key=True)
    make = Text(null=True)
    model = Text(null=True)
    lens_model = Text(null=True)
    exif_image_width = Integer(null=True)
    exif_image_height = Integer(null=True)
    file_size_in_byte = BigInt(null=True)
    orientation = Text(null=True)
    date_time_original = Timestamptz(null=True)
    modify_date = Timestamptz(null=True)
    time_zone = Text(null=True)
    f_number = DoublePrecision(null=True)
    focal_length = DoublePrecision(null=True)
    iso = Integer(null=True)
    exposure_time = Text(null=True)
    latitude = DoublePrecision(null=True)
    longitude = DoublePrecision(null=True)
    city = Text(null=True)
    state = Text(null=True)
    country = Text(null=True)
    description = Text()
    fps = DoublePrecision(null=True)
    live_photo_cid = Text(null=True)
    auto_stack_id = Text(null=True)
    projection_type = Text(null=True)
    profile_description = Text(null=True)
    colorspace = Text(null=True)
    bits_per_sample = Integer(null=True)
    rating = Integer(null=True)
    tags = Array(Text(), null=True)
    locked_properties = Array(Text())
    updated_at = Timestamptz()
    update_id = UUID()


class AssetMetadata(Table, tablename="asset_metadata"):
    """Key and value that clients keep with an asset."""

    asset_id = UUID()
    key = Text()
    value = JSONB()
    updated_at = Timestamptz()
    update_id = UUID()
