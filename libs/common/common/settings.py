"""Settings of every service, from the environment (prefix `HUIYIN_`) or files; a secret has no default. `.env.example` is made from this."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field's description goes into `.env.example`."""

    model_config = SettingsConfigDict(env_prefix="HUIYIN_", env_file=None, extra="ignore", hide_input_in_errors=True)

    mongo_url: str = Field("mongodb://127.0.0.1:27017/?replicaSet=rs0", description="MongoDB replica set; a standalone server is refused")
    amqp_url: SecretStr = Field(SecretStr("amqp://guest:guest@127.0.0.1:5672/"), description="RabbitMQ")
    namespace: str = Field("huiyin", pattern=r"^[a-z][a-z0-9_]{1,30}$", description="prefix of databases, exchanges and queues: one world each")
    driver: Literal["motor", "pymongo"] = Field("motor", description="MongoDB driver; both are held to the same tests (ADR 0008)")
    time: Literal["system", "shared"] = Field("system", description="business time: the machine's, or a shared authority (scaled, stepped)")

    intake_url: str = Field("http://127.0.0.1:8801", description="where intake answers")
    dispatch_url: str = Field("http://127.0.0.1:8802", description="where dispatch answers")
    sla_url: str = Field("http://127.0.0.1:8803", description="where sla answers")
    notify_url: str = Field("http://127.0.0.1:8804", description="where notify answers")
    console_url: str = Field("http://127.0.0.1:8800", description="where console answers: also the front address")

    contact_keys: SecretStr = Field(description="AES-256 keys of contacts: `id:base64,id:base64`; the first encrypts, all decrypt")
    blind_key: SecretStr = Field(description="base64, 32 bytes: blind index of phone numbers")
    key_pepper: SecretStr = Field(description="base64, 32 bytes: pepper of API keys")
    token_public_key: str = Field(description="Ed25519 public key (PEM) that verifies staff and service tokens")
    token_private_key: SecretStr | None = Field(None, description="Ed25519 private key (PEM): issues tokens")

    smtp_url: str = Field("smtp://127.0.0.1:1025", description="mail server of notices")
    mail_from: str = Field("huiyin@localhost", description="sender of notices")
    webhook_allow_private: bool = Field(default=False, description="allow webhooks to private addresses (tests and demo only)")

    prefetch: int = Field(50, ge=1, le=500, description="messages in work at once per queue")
    tick_ms: int = Field(1000, ge=10, description="longest pause of a loop that nothing wakes, milliseconds of machine time")
    relay_poll_ms: int = Field(1000, ge=50, description="longest pause of the outbox relay, milliseconds of machine time")
    reconcile_s: int = Field(300, ge=5, description="pause between two reconciliations, seconds of machine time")
    rate_per_minute: int = Field(6000, ge=1, description="requests a minute per API key")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe log line")
