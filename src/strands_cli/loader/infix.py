"""The infix operator `contains` of conditions."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

_KEYWORDS = frozenset(["and", "or", "not", "in", "is", "if", "elif", "for", "set"])


class Contains(Extension):
    """`a contains 'x'` and `a not contains 'x'`, as `a is contains 'x'`."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        tokens = list(stream)
        for index, token in enumerate(tokens):
            negated = token.type == "name" and token.value == "not" and _is(tokens, index + 1, "contains")
            plain = _is(tokens, index, "contains") and not _is(tokens, index - 1, "not", "is")
            if (negated or plain) and _ends_operand(tokens, index - 1) and _starts_operand(tokens, index + 1 + negated):
                yield Token(token.lineno, "name", "is")
            yield token


def _is(tokens: list[Token], index: int, *names: str) -> bool:
    return 0 <= index < len(tokens) and tokens[index].type == "name" and tokens[index].value in names


def _ends_operand(tokens: list[Token], index: int) -> bool:
    if index < 0:
        return False
    token = tokens[index]
    if token.type == "name":
        return token.value not in _KEYWORDS
    return token.type in ("string", "integer", "float", "rparen", "rbracket", "rbrace")


def _starts_operand(tokens: list[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].type in ("name", "string", "integer", "float", "lparen", "lbracket")
