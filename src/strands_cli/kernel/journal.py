"""The journal protocol, for stores that import it from here."""

from strands.journal.entries import FORMAT as FORMAT
from strands.journal.entries import NEWEST_FORMAT as NEWEST_FORMAT
from strands.journal.protocol import Conflict as Conflict
from strands.journal.protocol import Journal as Journal
from strands.journal.protocol import append_durably as append_durably
from strands.journal.protocol import begin_session as begin_session
from strands.journal.protocol import copy_session as copy_session
from strands.journal.protocol import is_alive as is_alive
from strands.journal.protocol import kept_open as kept_open
from strands.journal.protocol import resolve_ids as resolve_ids
