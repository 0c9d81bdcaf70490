"""Sessions: what an agent said, did, asked and was answered, kept so that any process can go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .disk import Disk as Disk
    from .file_session_manager import FileSessionManager as FileSessionManager
    from .repository_session_manager import RepositorySessionManager as RepositorySessionManager
    from .s3_session_manager import S3SessionManager as S3SessionManager
    from .session_manager import SessionManager as SessionManager
    from .session_repository import SessionRepository as SessionRepository
    from .snapshot_session_manager import MultiAgentSaveLatestStrategy as MultiAgentSaveLatestStrategy
    from .snapshot_session_manager import SaveLatestStrategy as SaveLatestStrategy
    from .snapshot_session_manager import SnapshotSessionManager as SnapshotSessionManager
    from .snapshot_session_manager import SnapshotTrigger as SnapshotTrigger

_HOMES = {
    "Disk": "disk",
    "FileSessionManager": "file_session_manager",
    "MultiAgentSaveLatestStrategy": "snapshot_session_manager",
    "RepositorySessionManager": "repository_session_manager",
    "S3SessionManager": "s3_session_manager",
    "SaveLatestStrategy": "snapshot_session_manager",
    "SessionManager": "session_manager",
    "SessionRepository": "session_repository",
    "SnapshotSessionManager": "snapshot_session_manager",
    "SnapshotTrigger": "snapshot_session_manager",
}
__all__ = [
    "Disk",
    "FileSessionManager",
    "MultiAgentSaveLatestStrategy",
    "RepositorySessionManager",
    "S3SessionManager",
    "SaveLatestStrategy",
    "SessionManager",
    "SessionRepository",
    "SnapshotSessionManager",
    "SnapshotTrigger",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
