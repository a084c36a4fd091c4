"""Thumbnails: preview, thumbnail, ThumbHash and full-size pictures of images and videos."""
