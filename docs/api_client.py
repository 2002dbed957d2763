"""An example client of the interface, with nothing but Python's own library: fetch the ledger, list one's items, act.

SIGEYIPI_URL=https://sgyp.example.gov.cn SIGEYIPI_TOKEN=sgyp_… python api_client.py ledger > ledger.json
… python api_client.py items
… python api_client.py urge 123 请尽快办理
… python api_client.py table annex4 附件4.xlsx
… python api_client.py push 1                      (every project without a case, into campaign 1)
… python api_client.py upload 123 photos 现场.jpg
… python api_client.py archive 45 归档材料.zip
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

AT_ONCE = 500  # projects of one push


class Refused(Exception):
    """The interface said no: its problem's `detail` and, by field, its `errors`."""

    def __init__(self, problem: dict[str, Any]) -> None:
        errors = "；".join(f"{each['field']} {each['detail']}" for each in problem.get("errors", ()))
        super().__init__(f"{problem['status']} {problem['detail']}{errors}")
        self.problem = problem


class Client:
    """One installation, one token."""

    def __init__(self, url: str, token: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{url} is no address of an installation")
        self._prefix = f"{url.rstrip('/')}/api/v1"
        self._token = token

    def get(self, path: str, **query: Any) -> Any:
        """Return an answer's JSON."""
        return json.loads(self.fetch(path, **query))

    def fetch(self, path: str, **query: Any) -> bytes:
        """Return an answer's bytes: for files and workbooks."""
        asked = urlencode({name: value for name, value in query.items() if value not in (None, "")})
        return self._send(Request(f"{self._prefix}{path}?{asked}", headers=self._headers()))  # noqa: S310

    def post(self, path: str, given: dict[str, Any]) -> Any:
        """Do something; the answer tells what became of it."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        body = json.dumps(given).encode()
        return json.loads(self._send(Request(f"{self._prefix}{path}", body, headers, method="POST")))  # noqa: S310

    def upload(self, path: str, field: str, file: Path) -> Any:
        """Bring a file to an item."""
        boundary = uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="field"\r\n\r\n{field}\r\n--{boundary}\r\n'
        head += f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        body = f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + file.read_bytes()
        headers = {**self._headers(), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        whole = body + f"\r\n--{boundary}--\r\n".encode()
        return json.loads(self._send(Request(f"{self._prefix}{path}", whole, headers, method="POST")))  # noqa: S310

    def rows(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Walk through all pages of a list."""
        after = ""
        while True:
            page = self.get(path, after=after, **query)
            yield from page["rows"]
            after = page["next"]
            if not after:
                return

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _send(self, request: Request) -> bytes:
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                found: bytes = answer.read()
                return found
        except HTTPError as refused:
            with refused:
                raise Refused(json.loads(refused.read())) from refused


def push(client: Client, campaign: int) -> None:
    """Start a case for every project without one; what cannot start is listed with its reason."""
    waiting = [project["id"] for project in client.rows("/projects", state="none")]
    for start in range(0, len(waiting), AT_ONCE):
        told = client.post("/cases", {"campaign_id": campaign, "project_ids": waiting[start : start + AT_ONCE]})
        print(f"已推送 {len(told['started'])} 个，已在办 {len(told['already'])} 个")
        for failure in told["failures"]:
            print(failure["number"], failure["name"], failure["reason"], sep="\t")


def main(words: list[str]) -> None:
    """Run one of the examples above."""
    client = Client(os.environ["SIGEYIPI_URL"], os.environ["SIGEYIPI_TOKEN"])
    match words:
        case ["ledger"]:
            print(json.dumps(list(client.rows("/projects")), ensure_ascii=False, indent=1))
        case ["items"]:
            for item in client.rows("/items", list="inbox"):
                print(item["id"], item["due_at"][:10], item["project_name"], item["name"], sep="\t")
        case ["urge", number, *sentence]:
            print(client.post(f"/items/{int(number)}/urge", {"words": " ".join(sentence)})["people"], "人已收到催办")
        case ["table", name, file]:
            Path(file).write_bytes(client.fetch(f"/tables/{name}", format="xlsx"))
        case ["push", campaign]:
            push(client, int(campaign))
        case ["upload", number, field, file]:
            print(client.upload(f"/items/{int(number)}/papers", field, Path(file))["name"], "已上传")
        case ["archive", case, file]:
            Path(file).write_bytes(client.fetch(f"/cases/{int(case)}/archive"))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
