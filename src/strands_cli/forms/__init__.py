"""One model of a form for every place in which a person answers: the terminal, the web, Slack, MCP clients.

`form_of` makes a form of a question, `read` turns what was filled in into the answer. What a place cannot show of a
form it leaves to a text of JSON, or to a link to a place that can.
"""

from __future__ import annotations

from strands_cli.forms.model import Field, FieldOption, Form, FormAnswerError, Kind
from strands_cli.forms.of_question import form_of, form_of_schema
from strands_cli.forms.reading import read, value_of

__all__ = ["Field", "FieldOption", "Form", "FormAnswerError", "Kind", "form_of", "form_of_schema", "read", "value_of"]
