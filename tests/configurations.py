"""A sound configuration, a second Mini Program beside it, and a sample of every key."""

from __future__ import annotations

from adapter.config.keys import ANY_NAME
from adapter.wechat.secret import Secret

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

SOUND = {
    "WAYBRIDGE_WECHAT__APP_ID": "wx0123456789abcdef",
    "WAYBRIDGE_WECHAT__TOKEN": "abc123",
    "WAYBRIDGE_WECHAT__ENCODING_AES_KEY": AES_KEY,
    "WAYBRIDGE_CARRIER__TARGET": "127.0.0.1:50051",
}

SHOP = {
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__APP_ID": "wx0123456789abcdef",
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__TOKEN": "abc123",
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__ENCODING_AES_KEY": AES_KEY,
    "WAYBRIDGE_MINI_PROGRAMS__SHOP__PATH": "/wechat/shop",
}

# Every key with a value that is not its default and breaks no rule beside SOUND; as TOML and
# as text. `{file}` is a file that exists.
SAMPLES: dict[str, tuple[str, object]] = {
    "edge.listen": ("127.0.0.1:8081", "127.0.0.1:8081"),
    "edge.path": ("/other", "/other"),
    "edge.reply_within_seconds": ("3.5", 3.5),
    "edge.body_limit_bytes": ("2048", 2048),
    "edge.max_in_flight": ("7", 7),
    "edge.drain_delay_seconds": ("0", 0.0),
    "edge.header_within_seconds": ("4", 4.0),
    "edge.body_within_seconds": ("1.5", 1.5),
    "edge.idle_seconds": ("20", 20.0),
    "edge.max_connections": ("99", 99),
    "edge.trusted_proxies": ("10.0.0.0/8, 192.0.2.7", ("10.0.0.0/8", "192.0.2.7")),
    "ops.allowed_hosts": ("ops.example.com, 10.1.2.3", ("ops.example.com", "10.1.2.3")),
    "wechat.app_id": ("wxfedcba9876543210", "wxfedcba9876543210"),
    "wechat.mode": ("compatible", "compatible"),
    "wechat.token": ("tokentoken", Secret("tokentoken")),
    "wechat.previous_token": ("oldtoken", Secret("oldtoken")),
    "wechat.encoding_aes_key": (AES_KEY[::-1], Secret(AES_KEY[::-1])),
    "wechat.previous_encoding_aes_key": (AES_KEY.upper(), Secret(AES_KEY.upper())),
    "wechat.freshness_seconds": ("999999999", 999_999_999),
    "wechat.locale": ("en", "en"),
    "carrier.target": ("localhost:1", "localhost:1"),
    "carrier.deadline_seconds": ("20", 20.0),
    "carrier.connect_wait_seconds": ("0.5", 0.5),
    "carrier.insecure": ("true", True),
    "carrier.descriptors": ("{file}", "{file}"),
    "carrier.mapping": ("{file}", "{file}"),
    "carrier.token_file": ("{file}", "{file}"),
    "carrier.health": ("off", "off"),
    "carrier.health_service": ("dispatch.v1", "dispatch.v1"),
    "carrier.max_concurrent_calls": ("3", 3),
    "carrier.repeats": ("3", 3),
    "carrier.brake": ("true", True),
    "carrier.receive_limit_bytes": ("8192", 8192),
    "carrier.keepalive_seconds": ("60", 60.0),
    "carrier.keepalive_timeout_seconds": ("2", 2.0),
    "carrier.tls.ca": ("{file}", "{file}"),
    "carrier.tls.cert": ("{file}", "{file}"),
    "carrier.tls.key": ("{file}", "{file}"),
    "carrier.tls.server_name": ("carrier.example", "carrier.example"),
    "ledger.url": ("postgresql:///w?host=/run/pg", "postgresql:///w?host=/run/pg"),
    "ledger.keep_days": ("30", 30),
    "ledger.commit_within_seconds": ("0.5", 0.5),
    "forward.url": ("http://127.0.0.1:7000/x", "http://127.0.0.1:7000/x"),
    "ops.listen": ("localhost:9091", "localhost:9091"),
    "ops.users": ("{file}", "{file}"),
    "ops.timezone": ("Europe/Berlin", "Europe/Berlin"),
    "log.format": ("json", "json"),
    "log.level": ("debug", "debug"),
}
SAMPLES |= {
    f"mini_programs.{ANY_NAME}.{key.removeprefix('wechat.')}": sample
    for key, sample in SAMPLES.items()
    if key.startswith("wechat.")
} | {f"mini_programs.{ANY_NAME}.path": ("/shop", "/shop")}

# What else a key needs beside it for the configuration to be sound.
COMPANIONS: dict[str, dict[str, str]] = {
    "carrier.tls.cert": {"WAYBRIDGE_CARRIER__TLS__KEY": "{file}"},
    "carrier.tls.key": {"WAYBRIDGE_CARRIER__TLS__CERT": "{file}"},
}
