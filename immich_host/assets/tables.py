"""The tables of assets as Piccolo sees them; the schema itself is in the host's migrations."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    DoublePrecision,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table


class Asset(Table, tablename="asset"):
    """A photo or video."""

    id = UUID(primary_key=True)
    owner_id = UUID()
    type = Text()
    original_path = Text()
    original_file_name = Text()
    file_created_at = Timestamptz()
    file_modified_at = Timestamptz()
    local_date_time = Timestamptz()
    created_at = Timestamptz()
    updated_at = Timestamptz()
    deleted_at = Timestamptz(null=True)
    is_favorite = Boolean()
    is_offline = Boolean()
    is_external = Boolean()
    is_edited = Boolean()
    duration = Integer(null=True)
    width = Integer(null=True)
    height = Integer(null=True)
    checksum = Bytea()
    checksum_algorithm = Text()
    thumbhash = Bytea(null=True)
    visibility = Text()
    status = Text()
    live_photo_video_id = UUID(null=True)
    library_id = UUID(null=True)
    stack_id = UUID(null=True)
    duplicate_id = UUID(null=True)
    update_id = UUID()


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


class AssetFile(Table, tablename="asset_file"):
    """A derived file or a sidecar of an asset."""

    id = UUID(primary_key=True)
    asset_id = UUID()
    type = Text()
    path = Text()
    is_edited = Boolean()
    is_progressive = Boolean()
    is_transparent = Boolean()
    created_at = Timestamptz()
    updated_at = Timestamptz()
    update_id = UUID()


class AssetMetadata(Table, tablename="asset_metadata"):
    """Key and value that clients keep with an asset."""

    asset_id = UUID()
    key = Text()
    value = JSONB()
    updated_at = Timestamptz()
    update_id = UUID()


class AssetJobStatus(Table, tablename="asset_job_status"):
    """When jobs last ran for an asset."""

    asset_id = UUID(primary_key=True)
    faces_recognized_at = Timestamptz(null=True)
    metadata_extracted_at = Timestamptz(null=True)
    duplicates_detected_at = Timestamptz(null=True)
    ocr_at = Timestamptz(null=True)
