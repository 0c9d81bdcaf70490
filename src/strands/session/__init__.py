"""Sessions: what an agent said, did, asked and was answered, kept so that any process can go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

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
    from .sql_session_manager import SQLSessionManager as SQLSessionManager
else:
    __getattr__, __dir__ = lazy(__name__)
