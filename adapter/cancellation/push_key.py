"""Which deliveries are the same press of the button."""

from __future__ import annotations

from hashlib import blake2b

from adapter.cancellation.model import Press, press_values

EVENT = "cancel_waybill"
KEY_BYTES = 16


def push_key(press: Press, *, identity_key: bytes) -> str:
    """Return the push key K: 32 lower-case hex digits, the same for every repeat of a push.

    WeChat advises FromUserName + CreateTime for events, which collides when one user
    cancels two orders within a second: every field that makes the press its own is in it,
    length-prefixed so that no two lists of fields read the same. The signature, timestamp,
    nonce and peer address are never in it: WeChat repeats a push with other ones. Keyed,
    so that a key given to a carrier tells nothing of the fields.
    """
    account, open_id, pushed_at, *numbers = press_values(press)
    fields: tuple[str, ...] = (account, open_id, str(pushed_at), EVENT, *numbers)
    parts: list[bytes] = []
    for text in fields:
        encoded = text.encode()
        parts += (len(encoded).to_bytes(4, "big"), encoded)
    return blake2b(b"".join(parts), digest_size=KEY_BYTES, key=identity_key).hexdigest()
