"""Storages: bytes under keys, in memory, in files, or in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .in_memory_storage import InMemoryStorage
from .storage import Storage, StorageSearchResult

if TYPE_CHECKING:
    from .local_file_storage import LocalFileStorage
    from .s3_storage import S3Storage

_HOMES = {"LocalFileStorage": "local_file_storage", "S3Storage": "s3_storage"}

__all__ = ["InMemoryStorage", "LocalFileStorage", "S3Storage", "Storage", "StorageSearchResult"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
