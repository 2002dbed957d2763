"""Messages as files, for demonstrations and drills: what would have gone out, one file each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from scheduler.channels import ChannelAway, Reach, Send
from scheduler.letters import Letter


class FolderChannel:
    """Writes each message into `folder`, named by its key: the same message again is the same file."""

    batch = 200

    def __init__(self, folder: Path, reach: Reach) -> None:
        self._folder, self.reach = folder, reach

    @contextmanager
    def opened(self) -> Iterator[Send]:
        """Make the folder; ChannelAway when it cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as away:
            raise ChannelAway(f"文件夹 {self._folder} 不能写入") from away
        yield self._send

    def _send(self, letter: Letter) -> str:
        words = letter.short if self.reach is Reach.TELEPHONE else f"{letter.subject}\n\n{letter.text}"
        name = f"{sha256(letter.key.encode()).hexdigest()[:16]}.txt"
        try:
            (self._folder / name).write_text(f"{letter.address}\n{words}\n", encoding="utf-8")
        except OSError as away:
            raise ChannelAway(f"文件夹 {self._folder} 不能写入") from away
        return name
