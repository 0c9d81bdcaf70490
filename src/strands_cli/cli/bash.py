"""Completion in bash, which takes words apart at ":" and "=": they are put together again."""

from __future__ import annotations

import os

from click.shell_completion import BashComplete, add_completion_class, split_arg_string

_BREAKS = ":="


class WholeWords(BashComplete):
    """Bash, with the words of the command line as they were typed."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is typed, and that one."""
        at = int(os.environ["COMP_CWORD"])
        words = split_arg_string(os.environ["COMP_WORDS"])[: at + 1]
        words += [""] * (at + 1 - len(words))
        joined: list[str] = []
        for before, word in zip(["", *words], words, strict=False):
            if word and joined and (_breaks(word) or _breaks(before)):
                joined[-1] += word
            else:
                joined.append(word)
        return joined[1:-1], joined[-1]

    def complete(self) -> str:
        """Return what bash puts behind the last place at which it took the word apart."""
        args, incomplete = self.get_completion_args()
        kept = max(incomplete.rfind(each) for each in _BREAKS) + 1
        if incomplete in os.environ["COMP_WORDS"].split():  # it is one word for bash, too
            kept = 0
        found = self.get_completions(args, incomplete)
        for item in found:
            item.value = item.value.removeprefix(incomplete[:kept])
        return "\n".join(self.format_completion(item) for item in found)


def _breaks(word: str) -> bool:
    return bool(word) and not word.strip(_BREAKS)


def use() -> None:
    """Have click complete with it."""
    add_completion_class(WholeWords)
