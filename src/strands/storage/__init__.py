"""Storages: bytes under keys, in memory, in files, or in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from .in_memory_storage import InMemoryStorage as InMemoryStorage
from .storage import Storage as Storage
from .storage import StorageSearchResult as StorageSearchResult

if TYPE_CHECKING:
    from .local_file_storage import LocalFileStorage as LocalFileStorage
    from .s3_storage import S3Storage as S3Storage
else:
    __getattr__, __dir__ = lazy(__name__)
