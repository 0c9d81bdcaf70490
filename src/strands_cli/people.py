"""Who people are: which ids are one person, what roles they have, and who stands in for whom, from people.yaml."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from strands_cli.errors import USAGE, StrandsError
from strands_cli.kernel.principal import Auth, Principal, PrincipalKind

logger: logging.Logger = logging.getLogger(__name__)

VARIABLE = "STRANDS_PEOPLE"
"""The environment variable that names the file for commands and programs: who answers in a terminal is then the person
who answers on a page."""

_KEYS = {"ids", "roles", "substitute", "notify", "name"}


class PeopleFileError(StrandsError):
    """The file that says who people are cannot be read, or says what cannot be."""

    exit_code = USAGE


class _State(NamedTuple):
    """What is another once a file was written, put in the place of another, or opened to who may read it."""

    size: int
    changed: int
    touched: int
    number: int


@dataclass(frozen=True)
class Person:
    """Somebody, as people.yaml tells of them.

    Attributes:
        key: What they are called there.
        name: What people are shown.
        ids: Their ids: `user:os:anna`, `user:slack:TEAM/ID`, ...
        roles: Their roles.
        substitutes: Who stands in for them: person to the first and the last day.
        notify: Where they are told of what waits for them: `slack:@U1`, `mail:anna@example.org`.
    """

    key: str
    name: str
    ids: tuple[str, ...]
    roles: frozenset[str]
    substitutes: Mapping[str, tuple[date, date]]
    notify: tuple[str, ...]


class People:
    """People by name and by id.

    Args:
        people: People whose names and ids differ.

    Attributes:
        by_key: Who is known, by name.
        problem: Why their file, which was changed, cannot be read as it is now; "" where it can.
    """

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.by_key: dict[str, Person] = {}
        self.problem: str = ""
        self._by_id: dict[str, Person] = {}
        self._file: tuple[str, _State | None] | None = None
        for person in people:
            self.by_key[person.key] = person
            for id_ in person.ids:
                other = self._by_id.setdefault(id_, person)
                if other is not person:
                    raise PeopleFileError(f"{id_!r} is both {other.key!r} and {person.key!r}", hint="Give it to one.")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> People:
        """Read people.yaml.

        Raises:
            PeopleFileError: It cannot be read, or says what cannot be; nobody is assumed.
        """
        from strands_cli.loader.errors import LoadError
        from strands_cli.loader.yaml_reader import read_yaml

        state = _state_of(path)
        try:
            told, _ = read_yaml(Path(path).read_text(encoding="utf-8"), os.fspath(path))
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or error
            raise PeopleFileError(f"{os.fspath(path)}: {said}", hint="Name a YAML file with --people.") from error
        except LoadError as error:
            raise PeopleFileError(error.message, hint=error.hint) from error
        try:
            people = cls.from_dict({} if told is None else told)
        except PeopleFileError as error:
            raise PeopleFileError(f"{os.fspath(path)}: {error.message}", hint=error.hint) from None
        people._file = (os.path.abspath(path), state)
        return people

    def refresh(self) -> bool:
        """Read the file again that these people are from, if it has changed; return whether others are known now.

        While it cannot be read, or is empty because somebody is writing it, those who were known stay: `problem` says
        why.
        """
        if self._file is None or (state := _state_of(self._file[0])) == self._file[1]:
            return False
        self._file = (self._file[0], state)
        try:
            now = People.from_file(self._file[0])
        except PeopleFileError as error:
            self.problem = error.message
            logger.warning("people are as they were before the file was changed: %s", error.message)
            return False
        if state is None or not state.size:
            self.problem = f"{self._file[0]} is empty"
            return False
        self.problem, self.by_key, self._by_id = "", now.by_key, now._by_id
        return True

    @classmethod
    def from_dict(cls, told: Any) -> People:
        """Return the people that a mapping, name to what is known of them, tells of.

        Raises:
            PeopleFileError: It says what cannot be.
        """
        if not isinstance(told, Mapping):
            raise PeopleFileError("it is not a mapping of names to people", hint="anna: {ids: [...], roles: [...]}")
        people = cls(_person(str(key), each) for key, each in told.items())
        for person in people.by_key.values():
            for other in person.substitutes:
                if other not in people.by_key:
                    raise PeopleFileError(f"{other!r}, who stands in for {person.key!r}, is nobody of this file")
        return people

    def principal(
        self,
        id: str,
        *,
        name: str = "",
        roles: Iterable[str] = (),
        auth: Auth = "asserted",
        via: str = "api",
        kind: PrincipalKind = "person",
    ) -> Principal:
        """Return who has an id, with the person and the roles that the file gives them.

        Args:
            id: What stays the same where names change.
            name: What people are shown, where the file does not say.
            roles: Roles known from elsewhere, as from an identity provider.
            auth: How it is known who they are.
            via: The channel.
            kind: A person, an agent or a system.
        """
        person = self._by_id.get(id) or (self.by_key.get(id) if ":" not in id else None)
        known = Principal(id, name, frozenset(roles), auth, via, kind=kind)
        if person is None:
            return known
        return replace(known, name=person.name, roles=known.roles | person.roles, person=person.key)

    def of_person(self, key: str, id: str, *, auth: Auth = "token", via: str = "api") -> Principal:
        """Return a person under an id that was made for them, as that of a token; they need not be in the file."""
        person = self.by_key.get(key)
        name, roles = (person.name, person.roles) if person is not None else (key, frozenset[str]())
        return Principal(id, name, roles, auth, via, person=key)

    def everybody(self) -> list[Principal]:
        """Return all who are known, each under each of their ids, as if they had logged in."""
        return [
            self.principal(id_, auth="login") for person in self.by_key.values() for id_ in person.ids or (person.key,)
        ]

    def stands_in_for(self, principal: Principal, at: float) -> list[str]:
        """Return the persons whom somebody may stand in for at `at`, Unix time in seconds (days are those of UTC)."""
        day = datetime.fromtimestamp(at, timezone.utc).date()
        return [
            person.key
            for person in self.by_key.values()
            if principal.person in person.substitutes
            and person.substitutes[principal.person][0] <= day <= person.substitutes[principal.person][1]
        ]

    def eligible(self, roles: Iterable[str], users: Iterable[str]) -> list[Person]:
        """Return the people who have one of `roles`, or are named by `users`."""
        wanted, named = set(roles), set(users)
        return [
            person
            for person in self.by_key.values()
            if person.roles & wanted or person.key in named or named & set(person.ids)
        ]


def known(principal: Principal) -> Principal:
    """Return somebody with the person and the roles that the file named by STRANDS_PEOPLE gives them.

    Raises:
        PeopleFileError: The file cannot be read, or says what cannot be; nobody is assumed.
    """
    people = _from(os.environ[VARIABLE])
    return people.principal(principal.id, name=principal.name, auth=principal.auth, via=principal.via)


def _from(path: str) -> People:
    """Return the people of a file, which is read anew when it has changed."""
    found = _state_of(path)
    return People.from_file(path) if found is None else _read(path, found)


@functools.lru_cache(maxsize=4)
def _read(path: str, state: _State) -> People:
    return People.from_file(path)


def _state_of(path: str | os.PathLike[str]) -> _State | None:
    """Return what changes when a file does; None where it cannot be looked at."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return _State(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _person(key: str, told: Any) -> Person:
    told = {} if told is None else told
    if not isinstance(told, Mapping):
        raise PeopleFileError(f"{key!r} is not a mapping", hint="Write ids, roles, substitute, notify, name.")
    unknown = sorted(map(str, told.keys() - _KEYS))
    if unknown:
        raise PeopleFileError(f"{key!r} has {unknown[0]!r}", hint=f"It may have {', '.join(sorted(_KEYS))}.")
    substitutes = told.get("substitute") or {}
    if not isinstance(substitutes, Mapping):
        raise PeopleFileError(f"`substitute` of {key!r} is not a mapping", hint="ben: 2026-12-01..2026-12-10")
    return Person(
        key,
        str(told.get("name") or key),
        tuple(_texts(key, "ids", told)),
        frozenset(_texts(key, "roles", told)),
        {str(other): _days(key, days) for other, days in substitutes.items()},
        tuple(_texts(key, "notify", told)),
    )


def _texts(key: str, name: str, told: Mapping[str, Any]) -> list[str]:
    listed = told.get(name) or []
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        raise PeopleFileError(f"`{name}` of {key!r} is not a list of texts", hint=f"{name}: [one, two]")
    return list(listed)


def _days(key: str, told: Any) -> tuple[date, date]:
    first, dots, last = str(told).partition("..")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError:
        days = date.max, date.min
    if days[0] > days[1]:
        raise PeopleFileError(
            f"{told!r}, a substitute's days for {key!r}, is not FIRST..LAST", hint="2026-12-01..2026-12-10"
        )
    return days
