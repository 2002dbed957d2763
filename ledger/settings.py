"""Where an installation keeps its data, its database and its keys."""

from __future__ import annotations

import base64
import json
import os
from functools import cached_property
from pathlib import Path
from secrets import token_bytes

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from ledger.audit_keys import AuditKey, Digest
from ledger.channel_settings import Channelling, Guarded
from ledger.db import Keys
from ledger.passwords import Policy
from ledger.portal_settings import Portal
from ledger.seal_keys import SealCipher, SealKey

KEY_FILE = "keys.json"


class Auditing(BaseModel):
    """What the audit's rows and chain are made with, and where its anchors and monthly archives go.

    Better to another machine's disk.
    """

    digest: Digest = Digest.SHA256
    anchors: Path | None = None  # default: audit/anchors.jsonl in the data folder
    archives: Path | None = None  # default: audit/ in the data folder


class BackingUp(Guarded):
    """Where the nightly backup goes: none without a folder. It opens with the passphrase, else with the seal key."""

    folder: Path | None = None  # better on another machine's disk
    hour: int = Field(default=1, ge=0, le=23)  # o'clock in Asia/Shanghai
    keep_days: int = Field(default=30, ge=1)
    keep_months: int = Field(default=12, ge=0)  # of each older month the last one stays
    passphrase: SecretStr = SecretStr("")


class Settings(BaseSettings):
    """One installation; every value can be set as SIGEYIPI_… in the environment, or in the file SIGEYIPI_CONFIG names.

    What lies deeper is written with two underscores: SIGEYIPI_CHANNELS__SMTP__HOST.
    """

    model_config = SettingsConfigDict(env_prefix="SIGEYIPI_", env_nested_delimiter="__", extra="ignore")

    data: Path = Path("sigeyipi-data")
    database: str | None = None  # default: SQLite in `data`
    host: str = "127.0.0.1"
    port: int = 8000
    https: bool = False  # true behind a TLS proxy: cookies become Secure and get the __Host- prefix
    trusted_proxy: str = ""  # address of the TLS proxy, whose X-Forwarded-For is believed; of nobody else's
    requests_per_minute: int = Field(default=600, ge=0)  # of one session or token, in each process; 0 for no limit
    idle_minutes: int = 30
    absolute_hours: int = 12
    upload_limit_mb: int = 20
    upload_quota_mb: int = Field(default=2000, ge=1)  # of one person in a day
    clamav: str = ""  # host:port of clamd that looks at every upload; when set and away, nothing is taken in
    round_limit: int = 50  # how often a case may come back to one step before a person looks at it
    office: str = ""  # LibreOffice's program, where it is not on the path
    public_url: str = ""  # what messages give as the address to sign in at
    channels: Channelling = Channelling()
    audit: Auditing = Auditing()
    backup: BackingUp = BackingUp()
    purge_after_years: int = Field(default=5, ge=1)  # after closing: names and numbers no longer needed
    password_policy: Policy = Policy.DENGBAO
    administrators_prove_twice: bool = True  # a one-time code beside the password; never asked in the demonstration
    portal: Portal | None = None  # whose sign-in is believed beside our own passwords; needs `public_url`

    @model_validator(mode="after")
    def _portal_leads_back(self) -> Settings:
        if self.portal is not None and not self.public_url:
            raise ValueError("设了 portal 须同时设 public_url：统一身份认证要知道登录以后回到哪里")
        return self

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what is given in code, then the environment, then the TOML file that SIGEYIPI_CONFIG names."""
        file = os.environ.get("SIGEYIPI_CONFIG")
        written = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (*sources, *named.values(), *written)

    @property
    def database_url(self) -> str:
        if self.database is None:
            return f"sqlite:///{self.data.absolute() / 'ledger.sqlite'}"
        # psycopg 3 is what we ship; a bare postgresql:// must not look for psycopg 2
        return self.database.replace("postgresql://", "postgresql+psycopg://", 1)

    @cached_property
    def papers(self) -> Path:
        return self.data / "papers"

    @cached_property
    def previews(self) -> Path:
        """What was drawn from papers; it can be drawn again, so no backup needs it."""
        return self.data / "previews"

    @property
    def office_profile(self) -> Path:
        return self.data / "office"

    @property
    def anchors(self) -> Path:
        return self.audit.anchors or self.data / "audit" / "anchors.jsonl"

    @property
    def audit_archives(self) -> Path:
        return self.audit.archives or self.data / "audit"


def load_keys(data: Path, digest: Digest = Digest.SHA256) -> Keys:
    """Return the installation's keys, made on first use in `keys.json` (mode 0600), outside the database.

    `digest` is what the audit's rows are made with, by the installation's settings.
    """
    path = data / KEY_FILE
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        fresh = {name: base64.b64encode(token_bytes(32)).decode() for name in ("seal", "mac", "cookie")}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(fresh, file)
    stored = json.loads(path.read_text())
    seal, mac, cookie = (base64.b64decode(stored[name]) for name in ("seal", "mac", "cookie"))
    earlier = tuple(
        SealKey(base64.b64decode(each["seal"]), SealCipher(each["cipher"])) for each in stored.get("earlier", ())
    )
    audit = tuple(AuditKey(each["number"], base64.b64decode(each["secret"])) for each in stored.get("audit", ()))
    return Keys(seal, mac, cookie, SealCipher(stored.get("cipher", SealCipher.AES)), earlier, audit, digest)
