"""What an installation's message channels need: addresses, accounts, signatures, template numbers.

A secret stands in a file of its own (`…_file`), or in the environment; it is never written to a log (SecretStr).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Guarded(BaseModel):
    """Settings with secrets: `name_file` names a file that holds `name`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        read = dict(given)
        for secret in [name for name in cls.model_fields if f"{name}_file" in read]:
            path = Path(str(read.pop(f"{secret}_file")))
            try:
                read[secret] = path.read_text(encoding="utf-8").strip()
            except OSError as missing:
                raise ValueError(f"{secret}_file：文件 {path} 读不出") from missing
        return read


class Security(StrEnum):
    """How the way to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=60)]


class Smtp(Guarded):
    """The county's mail server."""

    host: str
    port: Port = 465
    security: Security = Security.TLS
    login: str = ""
    password: SecretStr = SecretStr("")
    sender: str  # address
    sender_name: str = "“四个一批”管理系统"
    authority: Path | None = None  # a certificate authority of the county's own, PEM
    timeout_seconds: Seconds = 10


class Yunmas(Guarded):
    """中国移动 云MAS over HTTP. With `template` only its parameters are sent, else the whole text."""

    url: str  # the address of the platform, without the last part
    group: str  # 集团客户名称 (ecName)
    account: str  # 用户名 (apId)
    secret: SecretStr
    sign: str  # 签名编码
    serial: str = ""  # 扩展码
    template: str = ""
    report_token: SecretStr = SecretStr("")  # the last part of the address to which status reports come
    timeout_seconds: Seconds = 10


class Aliyun(Guarded):
    """阿里云短信; the template has the parameters 待办 counts as `due` and `overdue`."""

    key_id: str
    key_secret: SecretStr
    sign: str
    template: str
    report_token: SecretStr = SecretStr("")  # the last part of the address to which status reports come
    endpoint: str = "dysmsapi.aliyuncs.com"
    protocol: str = "HTTPS"
    timeout_seconds: Seconds = 10


class Tencent(Guarded):
    """腾讯云短信; the template has two parameters: due and overdue counts."""

    secret_id: str
    secret_key: SecretStr
    app: str
    sign: str
    template: str
    report_token: SecretStr = SecretStr("")  # as for 阿里云
    region: str = "ap-guangzhou"
    endpoint: str = "sms.tencentcloudapi.com"
    protocol: str = "https"
    timeout_seconds: Seconds = 10


class Gateway(Guarded):
    """A county's own gateway: one POST per message, with {telephone}, {text} and {key} filled in and quoted."""

    url: str
    body: str = '{"mobile": {telephone}, "content": {text}, "id": {key}}'
    form: bool = False  # else the body is JSON
    header: str = ""  # name of a header that carries `token`
    token: SecretStr = SecretStr("")
    accepted: str = ""  # what an answer must contain; empty: any answer 2xx
    receipt: str = ""  # name of the JSON field with the gateway's number for the message
    timeout_seconds: Seconds = 10


class Chat(Guarded):
    """A robot of a working group: wecombot://钥匙, dingtalk://令牌 or dingtalk://密钥@令牌, feishu://令牌."""

    url: SecretStr


class Webhooks(Guarded):
    """Hosts that events of cases may be sent to: `host` or `host:port`; none that is not named."""

    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout_seconds: Seconds = 10

    def admits(self, url: str) -> bool:
        """Say whether `url` is an address at one of the hosts, without a name or password in it."""
        try:
            parts = urlsplit(url)
            known = {parts.hostname, f"{parts.hostname}:{parts.port}"} if parts.port else {parts.hostname}
        except ValueError:  # no port at all, or a broken IPv6 address
            return False
        plain = not any(character <= " " or character in "\\@" for character in url)
        return plain and parts.scheme in ("https", "http") and bool(known & set(self.hosts))


class Channelling(BaseModel):
    """The channels of an installation; those that are not set do not exist. At most one SMS provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    smtp: Smtp | None = None
    yunmas: Yunmas | None = None
    aliyun: Aliyun | None = None
    tencent: Tencent | None = None
    gateway: Gateway | None = None
    chat: Chat | None = None
    webhooks: Webhooks | None = None
    folder: Path | None = None  # messages are written into files here instead: for demonstrations and drills
    sms_daily_quota: Annotated[int, Field(ge=0)] = 200  # text messages a unit and day, counted as they are billed

    @model_validator(mode="after")
    def _one_provider(self) -> Channelling:
        if sum(each is not None for each in (self.yunmas, self.aliyun, self.tencent, self.gateway)) > 1:
            raise ValueError("短信服务商只能配置一个（yunmas、aliyun、tencent、gateway）")
        return self
