"""Settings: environment variables with the prefix ``PHOTOPLAY_`` and a TOML file.

Order, first wins: arguments given in code (the command line), environment, the TOML file named by
``PHOTOPLAY_CONFIG`` (default: ``photoplay.toml`` in the data folder), defaults.
Every field's ``description`` is its documentation; a test compares ``docs/reference/settings.md`` with it.
"""

from __future__ import annotations

import os
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from photoplay.errors import PhotoplayError, SettingsError, by_code

ENV_PREFIX = "PHOTOPLAY_"
CONFIG_FILE_NAME = "photoplay.toml"


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/photoplay``, or ``~/.local/share/photoplay``."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "photoplay"


class Settings(BaseSettings):
    """All settings of one photoplay process."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder for the database, artifacts, model weights, caches and locks. "
        "Default: `$XDG_DATA_HOME/photoplay`, or `~/.local/share/photoplay`.",
    )
    models_dir: Path | None = Field(
        default=None,
        description="Folder for model weights. Default: `models` in the data folder; where that is missing, in the "
        "default data folder.",
    )
    database_url: str | None = Field(
        default=None,
        description="SQLAlchemy URL: `sqlite:///…` or `postgresql://…`. Default: SQLite in the data folder.",
    )
    storage_url: str | None = Field(
        default=None,
        description="Where artifacts are kept: `file:///…` or `s3://bucket/prefix`. Default: the data folder.",
    )
    catalog_file: Path | None = Field(
        default=None,
        description="TOML file that changes or adds models, effects, prices and plans. Default: those of photoplay.",
    )
    public_url: str | None = Field(
        default=None,
        description="Base URL under which clients reach this server; used in the URLs it hands out. "
        "Default: what the client's own request used.",
    )
    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="Networks (CIDR, comma-separated) that input URLs and webhooks may reach although they "
        "are private, loopback or otherwise reserved.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("*",),
        description="Origins (comma-separated) whose web pages may call the APIs from a browser; `*` is every one, "
        "`none` is none. No cookie is ever looked at: a page needs a key of its own.",
    )
    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the server listens on; 0 picks a free one.")
    log_level: str = Field(default="INFO", description="Lowest level that is logged: DEBUG, INFO, WARNING, ERROR.")
    slots: int = Field(
        default=1, ge=1, le=64, description="Clips one worker renders at the same time, of each pool that it serves."
    )
    spare_renderers: int = Field(
        default=1,
        ge=0,
        le=64,
        description="Processes that a worker keeps ready for its next renders by the built-in engine, at most one for "
        "each slot. One takes about 150 MB while it waits and saves a clip about a second; none is kept while less "
        "than 2 GiB of memory are free. 0: every render starts a process of its own.",
    )
    worker_engines: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Engines (comma-separated) whose jobs this machine's worker takes. Default: all."
    )
    worker_models: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Models (comma-separated) whose jobs this machine's worker takes, with all others of their pools. "
        "Default: all of its engines.",
    )
    executor_ttl_s: float = Field(
        default=30.0,
        ge=3,
        description="Seconds after which a worker on another machine that gives no sign of life is taken for dead and "
        "its jobs are taken up by others. (One on the same machine is known to be dead at once.)",
    )
    drain_s: float = Field(
        default=25.0,
        ge=0,
        description="Seconds that running clips get to end when the process is told to stop by SIGTERM. "
        "What is not done by then goes back into the queue.",
    )
    secret_key: str | None = Field(
        default=None,
        description="Key (at least 32 characters) that signs artifact URLs and encrypts stored secrets. "
        "Default: made once and kept in the data folder. Must be the same on every machine of a cluster.",
    )
    artifact_url_ttl_s: int = Field(
        default=7 * 86400,
        ge=60,
        description="Seconds for which a signed artifact URL is valid. A store that signs its own (S3) keeps the files "
        "of an expired clip for that long more, so that nobody loses one while downloading it.",
    )
    retention_s: int = Field(
        default=7 * 86400,
        ge=3600,
        description="Seconds for which a finished job's files are kept, where its model in the catalog names none "
        "(`retention_s`).",
    )
    webhook_retention_s: int = Field(
        default=30 * 86400,
        ge=86400,
        description="Seconds after which webhooks that were delivered or given up are forgotten: they are listed no "
        "more and cannot be told again.",
    )
    scene_cache_s: int = Field(
        default=86400,
        ge=0,
        description="Seconds for which what the built-in engine understood of a photo (its layers and depth, under "
        "the photo's checksum) is kept after it was last used, so that another clip of it starts sooner. 0: nothing "
        "is kept.",
    )
    idempotency_ttl_s: int = Field(
        default=86400,
        ge=60,
        description="Seconds for which an `Idempotency-Key` gives what it gave the first time. After that it is new.",
    )
    max_upload_bytes: int = Field(default=32 * 1024 * 1024, ge=1024, description="Largest upload, in bytes.")
    max_image_bytes: int = Field(default=20 * 1024 * 1024, ge=1024, description="Largest input image, in bytes.")
    max_image_pixels: int = Field(
        default=120_000_000, ge=10_000, description="Largest input image, in pixels, checked before it is decoded."
    )
    max_audio_bytes: int = Field(default=50 * 1024 * 1024, ge=1024, description="Largest input sound file, in bytes.")
    fetch_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds in which one input URL must have been fetched whole."
    )
    render_timeout_s: float = Field(
        default=1800.0, gt=0, description="Seconds after which a render is stopped and the job fails."
    )
    gather_timeout_s: float = Field(
        default=600.0, gt=0, description="Seconds in which all the input files of a job must have been fetched."
    )
    sound_timeout_s: float = Field(
        default=600.0, gt=0, description="Seconds after which making a clip's sound is stopped and the job fails."
    )
    job_timeout_s: float | None = Field(
        default=None,
        gt=0,
        description="Seconds after its start at which a job that is not finished is stopped and fails, whatever it was "
        "doing, time after crashes included. Default: only each phase has its limit.",
    )
    render_memory_bytes: int = Field(
        default=8 * 1024**3, ge=512 * 1024**2, description="Address space one render process may use, in bytes."
    )
    engines: dict[str, str] = Field(
        default_factory=dict,
        description="Engines of your own, or in place of built-in ones: name to `module:attribute` (as JSON in the "
        "environment). The attribute is called with the folder of the model weights.",
    )
    extend_prompt_url: str | None = Field(
        default=None,
        description="Base URL of an OpenAI-compatible chat API (`…/v1`) that extends prompts for requests that ask "
        "for it. Default: photoplay describes the photo by itself.",
    )
    extend_prompt_key: str | None = Field(default=None, description="API key for `extend_prompt_url`, if it needs one.")
    extend_prompt_model: str = Field(default="gpt-4o-mini", description="Model that `extend_prompt_url` is asked for.")
    extend_prompt_timeout_s: float = Field(
        default=20.0, gt=0, description="Seconds after which an unanswered `extend_prompt_url` is given up."
    )
    text_to_audio: str | None = Field(
        default=None,
        pattern=r"^(https?://\S+|[A-Za-z_][\w.]*:[A-Za-z_][\w.]*)$",
        description="What makes the ambience of clips from words: base URL (`…/v1`) of a server with vLLM-Omni's Audio "
        "Generate API, or `module:attribute` of a Python pipeline of your own. Default: photoplay composes it.",
    )
    text_to_audio_key: str | None = Field(default=None, description="API key for `text_to_audio`, if it needs one.")
    text_to_audio_model: str | None = Field(
        default=None, description="Model that `text_to_audio` is asked for. Default: the server's own."
    )
    text_to_audio_timeout_s: float = Field(
        default=120.0, gt=0, description="Seconds after which an unanswered `text_to_audio` is given up."
    )
    limits: bool = Field(
        default=True,
        description="Whether the plans' request, queue and feature limits apply. `false` lifts them all.",
    )
    max_queued_jobs: int | None = Field(
        default=None,
        ge=1,
        description="Jobs of all accounts together that may be queued or running. One more is refused for the moment, "
        "with 503 or what the API has for that. Default: no limit.",
    )
    event_streams: int = Field(
        default=32,
        ge=1,
        description="Jobs that one account may follow at once (`/v1/jobs/{id}/events`) through one server process.",
    )
    akool_codes: dict[str, int] = Field(
        default_factory=dict,
        description="Codes with which the AKOOL API refuses, by photoplay's error code, where others are needed than "
        'its own table has: `{"insufficient_credits": 1006}` (as JSON in the environment).',
    )
    akool_callback_type: str = Field(
        default="image2video",
        description="Value of `type` in the AKOOL API's webhooks; the vendor does not document it.",
    )
    keevx_codes: dict[str, int] = Field(
        default_factory=dict,
        description="Codes with which the Keevx API refuses, by photoplay's error code, where others are needed than "
        "its own table has (as JSON in the environment).",
    )
    keevx_http: dict[int, Annotated[int, Field(ge=200, le=599)]] = Field(
        default_factory=dict,
        description="HTTP statuses with which the Keevx API refuses, by its own code, where others are needed than its "
        'table has: `{"100005": 413}` (as JSON in the environment). The vendor does not say which code has which.',
    )
    keevx_unused: Literal["refuse", "ignore"] = Field(
        default="refuse",
        description="What the Keevx API does with a field that the model does not use, such as `image_url` with KL.",
    )
    keevx_look_first: bool = Field(
        default=True,
        description="Whether the Keevx API fetches images before it answers a create, so that one that cannot be used "
        "is refused with a code of its own. `false`: the task fails later.",
    )
    keevx_sign: bool = Field(
        default=True,
        description="Whether the Keevx API's webhooks carry the headers of Standard Webhooks, signed with the key's "
        "`webhook_secret`. The vendor's carry none.",
    )

    kling_codes: dict[str, int] = Field(
        default_factory=dict,
        description="Codes with which the Kling API refuses, by photoplay's error code, where others are needed than "
        'its own table has: `{"unknown_model": 1201}` (as JSON in the environment).',
    )
    kling_strict_duration: bool = Field(
        default=False,
        description="Whether the Kling API refuses a `duration` that is a number and not text, as the vendor does.",
    )
    kling_trajectory_origin: Literal["bottom-left", "top-left"] = Field(
        default="bottom-left",
        description="Where the pixels of trajectories are counted from in the Kling API: the vendor counts them from "
        "the `bottom-left` corner of the image; `top-left` is for programs that do not.",
    )
    kling_film_terms: bool = Field(
        default=False,
        description="Whether `pan`, `tilt` and `zoom` of the Kling API's camera mean what they mean in film (right, "
        "up, in). By default they mean what the vendor's page says (up, right, out).",
    )

    @field_validator("akool_codes", "keevx_codes", "kling_codes")
    @classmethod
    def _known_codes(cls, value: dict[str, int]) -> dict[str, int]:
        for code in value:
            if code != PhotoplayError.code and by_code(code) is PhotoplayError:
                raise ValueError(f"there is no error code {code!r}")
        return value

    @field_validator("allowed_networks", "worker_engines", "worker_models", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: Any) -> Any:
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        return [] if parts == ["none"] else parts

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Settings from ``given`` (``None`` values are left out), the environment and the TOML file.

        Raises:
            SettingsError: a value is wrong or a key is unknown; the message names it.
        """
        chosen = {name: value for name, value in given.items() if value is not None}
        data_dir = Path(chosen.get("data_dir") or os.environ.get(ENV_PREFIX + "DATA_DIR") or default_data_dir())
        config = os.environ.get(ENV_PREFIX + "CONFIG")
        path = Path(config) if config else data_dir / CONFIG_FILE_NAME
        if config and not path.is_file():
            raise SettingsError(f"settings file {path} does not exist")
        from_file: dict[str, Any] = {}
        if path.is_file():
            try:
                from_file = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise SettingsError(f"settings file {path} is not valid TOML: {error}") from error
        for name in from_file:
            if name not in cls.model_fields:
                raise SettingsError(f"unknown setting {name!r} in {path}")
        # Environment beats the file: hand over only what the environment does not say.
        merged = {n: v for n, v in from_file.items() if not os.environ.get(ENV_PREFIX + n.upper())} | chosen
        try:
            return cls(**merged)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            raise SettingsError(f"setting {name}: {first['msg']}") from error

    @property
    def resolved_database_url(self) -> str:
        """The database URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'photoplay.sqlite'}"

    @property
    def resolved_storage_url(self) -> str:
        """The storage URL, with the default filled in."""
        return self.storage_url or (self.data_dir.absolute() / "artifacts").as_uri()

    @property
    def scenes_dir(self) -> Path:
        """Where the built-in engine keeps what it understood of photos."""
        return self.data_dir.absolute() / "scenes"

    @property
    def own_models_dir(self) -> Path:
        """Where weights are put: the folder that was set, or the one in the data folder."""
        return self.models_dir or self.data_dir.absolute() / "models"

    @property
    def resolved_models_dir(self) -> Path:
        """Where weights are read: :attr:`own_models_dir` if it is there, else that of the default data folder.

        Weights are the same for everybody, so a second data folder need not fetch them again.
        """
        own = self.own_models_dir
        return own if self.models_dir or own.is_dir() else default_data_dir() / "models"
