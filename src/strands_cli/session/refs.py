"""References to questions: one text for a session and a question in it, fit for a URL, and read back without a list."""

from strands_cli.kernel.shown import ref_of as ref_of
from strands_cli.kernel.shown import session_and_key as session_and_key
