"""What is kept once, by its digest, in every database that holds sessions."""

from __future__ import annotations

import asyncio
import threading
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from strands.journal import lines
from strands.journal.blobs import LARGE, MOST
from strands.journal.errors import SessionDamagedError, StorageError
from strands.journal.memory import MemoryRepository
from strands.journal.repository import FileRepository
from strands.journal.sql import SqlRepository
from strands.journal.transfer import check_all, exported, imported
from strands_cli.session.conformance import draft

SPEC = {"version": 0, "name": "shared", "agents": {"a": {"prompt": "Be kind. é " * 400}}}
CANARY = "canary " * (LARGE // 7 + 1)


def begun(**more: Any) -> Any:
    """Return the entry of a session of one large spec."""
    return draft("opened", format=1, workflow="w", pattern="chain", spec=SPEC, **more)


class BlobPromises:
    """The rules of what is kept apart, one test each."""

    very_large: ClassVar[int] = 50_000_000

    @abstractmethod
    def make_repository(self, namespace: str = "") -> SqlRepository:
        """Return a repository over the same database at every call within one test."""

    def execute(self, statement: str, *values: object) -> list[Any]:
        """Run a statement as an administrator would."""
        return self.make_repository().database.write(lambda each: each.execute(statement, *values))

    def blobs(self) -> int:
        """Return how many contents are kept apart."""
        return int(self.execute("select count(*) from strands_blobs")[0][0])

    def test_sessions_of_one_spec_keep_it_once(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            for number in range(30):
                await repository.create(f"s{number}", begun(inputs={"n": number}))
            stored = self.execute("select sum(length(line)) from strands_entries")[0][0]
            assert self.blobs() == 1 and stored < 30 * 400
            journal = await repository.open("s7")
            (entry,) = await journal.load()
            assert entry.data["spec"] == SPEC and entry.data["inputs"] == {"n": 7}
            assert [told.problem async for told in check_all(repository)] == [""] * 30
            for number in range(29):
                await repository.delete(f"s{number}")
            assert self.blobs() == 1
            await repository.delete("s29")
            assert self.blobs() == 0

        asyncio.run(check())

    def test_a_large_entry_is_the_very_line_in_every_store(self, tmp_path: Path) -> None:
        async def check() -> None:
            memory, repository = MemoryRepository(), self.make_repository()
            large = [draft("noted", "a", value=CANARY), draft("noted", "b", value=[CANARY, "\0 \ud800 é"])]
            await memory.create("s", begun(inputs={"all": CANARY}), large)
            line = await exported(memory, "s")
            await imported(repository, "s", line)
            assert await exported(repository, "s") == line
            journal = await repository.open("s")
            await journal.load()
            await journal.append([draft("noted", "c", value=CANARY * 2)], expect=3, durable=True)
            back = FileRepository(tmp_path / "files")
            await imported(back, "s", await exported(repository, "s"))
            assert await exported(back, "s") == await exported(repository, "s")
            entries = await (await repository.open("s")).load()
            assert [entry.seq for entry in entries] == [0, 1, 2, 3] and entries[3].data["value"] == CANARY * 2
            assert max(size for (size,) in self.execute("select length(line) from strands_entries")) < 10_000

        asyncio.run(check())

    def test_what_is_kept_apart_and_missing_or_damaged_is_named_and_hides_no_other(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            for name in ("whole", "one", "two"):
                await repository.create(name, draft("opened", format=1, workflow="w", pattern="chain"))
            for name in ("one", "two"):
                journal = await repository.open(name)
                await journal.load()
                await journal.append([draft("noted", "n", value=name + CANARY)], expect=1)
            one, two = (row[0] for row in self.execute("select blob from strands_entries where seq = 1 order by blob"))
            self.execute("delete from strands_uses where blob = ?", one)
            self.execute("delete from strands_blobs where no = ?", one)
            self.execute("update strands_blobs set content = ? where no = ?", b"\1{}", two)
            assert sorted(await repository.ids()) == ["one", "two", "whole"]
            assert len(await (await repository.open("whole")).load()) == 1
            for name, why in (("one", "kept apart is missing"), ("two", "checksum")):
                try:
                    await (await repository.open(name)).load()
                except SessionDamagedError as error:
                    assert "entry 1" in error.message and why in error.message
                else:
                    raise AssertionError(f"{name} was read")
            assert {told.id for told in [each async for each in check_all(repository)] if told.problem} == {
                "one",
                "two",
            }

        asyncio.run(check())

    def test_what_is_redacted_is_not_kept_apart_either(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", begun(), [draft("noted", "a", value=CANARY)])
            await journal.load()
            await journal.rewrite(
                lambda entry: {**entry.data, "value": "[gone]"} if entry.key == "a" else entry.data,
                [draft("redacted", "a")],
                expect=2,
            )
            assert self.blobs() == 1
            entries = await (await repository.open("s")).load()
            assert entries[0].data["spec"] == SPEC and entries[1].data["value"] == "[gone]"

        asyncio.run(check())

    def test_a_file_is_kept_while_a_session_needs_it(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            digests = [await repository.put_blob(content) for content in (b"one", b"two", b"{} three")]
            assert digests[0] == await repository.put_blob(b"one") and self.blobs() == 3
            files = {"skills/a.md": digests[0], "b.md": digests[1]}
            journal = await repository.create(
                "s", draft("opened", format=1, workflow="w", pattern="chain", files=files)
            )
            await journal.append([draft("leased", driver="d", changed={"files": {"b.md": digests[2]}})], expect=1)
            self.execute("update strands_blobs set kept_until = 0")  # an hour passes
            await repository.sweep()
            assert [await repository.blob(each) for each in digests] == [b"one", b"two", b"{} three"]
            try:
                await repository.create("t", draft("opened", format=1, files={"c.md": "sha256:00"}))
            except StorageError as error:
                assert "sha256:00" in error.message
            else:
                raise AssertionError("it was begun without a file that it needs")
            await repository.delete("s")
            assert self.blobs() == 0
            try:
                await repository.blob(digests[0])
            except SessionDamagedError as error:
                assert digests[0] in error.message

        asyncio.run(check())

    def test_what_is_removed_is_not_what_somebody_has_just_begun_to_use(self) -> None:
        repository, failed = self.make_repository(), list[BaseException]()

        async def live(worker: int) -> None:
            for turn in range(12):
                name = f"{worker}-{turn}"
                await repository.create(name, begun())
                assert (await (await repository.open(name)).load())[0].data["spec"] == SPEC
                await repository.delete(name)
                if worker == 0:
                    await repository.prune(before=0, statuses=["completed"], limit=9)

        def work(worker: int) -> None:
            try:
                asyncio.run(live(worker))
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        asyncio.run(repository.sweep())
        assert self.blobs() == 0

    def test_a_very_large_entry_is_kept_and_one_that_is_too_large_is_refused_by_its_size(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", draft("opened", format=1, workflow="w", pattern="chain"))
            await journal.append([draft("noted", "n", value="x" * self.very_large)], expect=1, durable=True)
            assert len((await (await repository.open("s")).load())[1].data["value"]) == self.very_large
            try:
                await repository.put_blob(bytes(MOST + 1))
            except StorageError as error:
                assert f"{MOST + 1:,} bytes" in error.message and f"at most {MOST:,}" in error.message
            else:
                raise AssertionError("it was taken")

        asyncio.run(check())

    def test_what_is_stored_is_little_more_than_the_lines(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", begun(), [draft("noted", "n", value=CANARY)])
            await journal.load()
            content = await repository.export("s")
            stored = sum(
                self.execute(f"select coalesce(sum(length({column})), 0) from strands_{table}")[0][0]
                for table, column in (("entries", "line"), ("blobs", "content"))
            )
            assert stored < 1.1 * len(content)
            assert lines.parse(content).damage is None

        asyncio.run(check())
