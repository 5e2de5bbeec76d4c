"""What the app is told by its environment: FLATBED_WEB_NAME=value. An unsafe setting ends the start, with what to do."""

from __future__ import annotations

import ipaddress
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from typing_extensions import Self

Names = Annotated[list[str], NoDecode]
"""Several values, separated by commas."""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="FLATBED_WEB_", extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8421, ge=0, le=65535)
    data: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir(), "flatbed-web"), description="Uploads, exports, engine"
    )
    samples: Path | None = Field(default=None, description="Folder of files that every visitor may read")
    pages: Path = Field(default=Path(__file__).parents[2] / "frontend" / "dist", description="The built front end")
    embedded: bool = Field(default=False, description="Offer an embedded ClickHouse in the data folder")
    access_key: SecretStr | None = Field(default=None, description="What a visitor has to know; at least 16 characters")
    servers: Names = Field(default=["localhost", "127.0.0.1"], description="Hosts the app may connect to: host[:port]")
    hosts: Names = Field(default=["localhost", "127.0.0.1"], description="Names under which the app is reached")
    origins: Names = Field(default=[], description="Other sites whose pages may call the app (CORS)")
    upload_limit: int = Field(default=4 << 30, gt=0, description="Most bytes of one upload")
    disk_limit: int = Field(default=16 << 30, gt=0, description="Most bytes that the files of all visitors may take")
    unpack_limit: int = Field(default=64 << 30, gt=0, description="Most bytes that a packed file may unpack to")
    memory: int = Field(default=64 << 20, ge=16 << 20, description="Most bytes for the data of one load")
    running: int = Field(default=2, ge=1, le=64, description="Loads that run at a time; others wait")
    requests_a_second: int = Field(default=100, ge=1, description="Of one address")
    connections_a_minute: int = Field(default=30, ge=1, description="Attempts of one address to reach a server")

    @field_validator("servers", "hosts", "origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.access_key is not None and len(self.access_key.get_secret_value()) < 16:
            raise ValueError("access_key is shorter than 16 characters: take more, as `openssl rand -hex 16` makes")
        if not is_loopback(self.host) and self.access_key is None:
            raise ValueError(f"host {self.host} is reached from other machines: set access_key as well")
        if not is_loopback(self.host) and self.embedded:
            raise ValueError("embedded: SQL of an embedded engine reads this machine's files; listen on 127.0.0.1 only")
        for name in ("servers", "hosts", "origins"):
            for value in getattr(self, name):
                if "*" in value:
                    raise ValueError(f"{name} holds {value!r}: name each one, a pattern lets anybody in")
        for origin in self.origins:
            if not origin.startswith(("https://", "http://localhost", "http://127.0.0.1")):
                raise ValueError(f"origins holds {origin!r}: only https, or http on this machine")
        return self
