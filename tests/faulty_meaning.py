"""Configurations that can be read and cannot be meant: secrets, addresses, files, times."""

from __future__ import annotations

from tests.configurations import AES_KEY, SHOP
from tests.faulty import Faulty

PAGE = "Take it from the Mini Program's page"
WRITE_TARGET = "Write e.g. dns:///dispatch.internal:50051."

FAULTY_MEANING: dict[str, Faulty] = {
    "no token": Faulty(
        without=("WAYBRIDGE_WECHAT__TOKEN",),
        expected=(
            "error: FILE, wechat.token: is missing: without it a forged push cannot be detected. "
            "Set it here, as WAYBRIDGE_WECHAT__TOKEN, or as a file of that name in "
            "WAYBRIDGE_SECRETS_DIR.",
        ),
    ),
    "unusual token": Faulty(
        environ={"WAYBRIDGE_WECHAT__TOKEN": "with space"},
        expected=(
            "warning: environment variable WAYBRIDGE_WECHAT__TOKEN, wechat.token: does not look "
            "like a Token: WeChat's have 3 to 32 letters and digits. Compare it with the Mini "
            "Program's page; check for spaces at the ends.",
        ),
    ),
    "no app id": Faulty(
        without=("WAYBRIDGE_WECHAT__APP_ID",),
        expected=(
            "error: FILE, wechat.app_id: is missing: in secure mode every message ends with it. "
            f"{PAGE}; it begins with wx.",
        ),
    ),
    "unusual app id": Faulty(
        environ={"WAYBRIDGE_WECHAT__APP_ID": "gh_0123456789ab"},
        expected=(
            "warning: environment variable WAYBRIDGE_WECHAT__APP_ID, wechat.app_id: does not "
            "look like an AppID: wx and 16 digits of 0-9 and a-f. It is not the gh_… name of the "
            "account; compare it with the page.",
        ),
    ),
    "no aes key": Faulty(
        without=("WAYBRIDGE_WECHAT__ENCODING_AES_KEY",),
        file='[wechat]\nmode = "compatible"',
        expected=(
            "error: FILE, line 1, wechat.encoding_aes_key: is missing: in compatible mode messages "
            f"are decrypted with it. {PAGE}, or choose plaintext there and here.",
        ),
    ),
    "short aes key": Faulty(
        environ={"WAYBRIDGE_WECHAT__ENCODING_AES_KEY": AES_KEY[1:]},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__ENCODING_AES_KEY, "
            "wechat.encoding_aes_key: must be 43 letters and digits; this has 42 characters. "
            "Copy the whole EncodingAESKey from the Mini Program's page again.",
        ),
    ),
    "aes key with its padding": Faulty(
        environ={"WAYBRIDGE_WECHAT__PREVIOUS_ENCODING_AES_KEY": AES_KEY + "="},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__PREVIOUS_ENCODING_AES_KEY, "
            "wechat.previous_encoding_aes_key: must be 43 letters and digits; this has 44 "
            'characters. Remove the "=" at the end: WeChat\'s key has none.',
        ),
    ),
    "aes key with spaces": Faulty(
        environ={"WAYBRIDGE_WECHAT__ENCODING_AES_KEY": f" {AES_KEY} "},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__ENCODING_AES_KEY, "
            "wechat.encoding_aes_key: must be 43 letters and digits; this has 45 characters. "
            "Remove the spaces around it.",
        ),
    ),
    "program without a path": Faulty(
        environ={name: value for name, value in SHOP.items() if not name.endswith("PATH")},
        expected=(
            "error: FILE, mini_programs.shop.path: is missing. Write the path of the URL "
            "configured at WeChat, e.g. /wechat/push.",
        ),
    ),
    "two programs on one path": Faulty(
        environ=SHOP | {"WAYBRIDGE_MINI_PROGRAMS__SHOP__PATH": "/wechat/push"},
        expected=(
            "error: environment variable WAYBRIDGE_MINI_PROGRAMS__SHOP__PATH, "
            "mini_programs.shop.path: is the same path as edge.path: their pushes could not be "
            "told apart. Give each Mini Program a path of its own, here and at WeChat.",
        ),
    ),
    "path without its slash": Faulty(
        file='[edge]\npath = "wechat"',
        expected=(
            "error: FILE, line 2, edge.path: must begin with / and must not contain ?, # or "
            "spaces. Write the path of the URL configured at WeChat, e.g. /wechat/push.",
        ),
    ),
    "listen without a port": Faulty(
        file='[edge]\nlisten = "0.0.0.0"',
        expected=(
            "error: FILE, line 2, edge.listen: is not a valid address to listen on: it has "
            "no port. "
            'Write e.g. "0.0.0.0:8080" or "[::1]:8080".',
        ),
    ),
    "ops port open to everybody": Faulty(
        file='[ops]\nlisten = "0.0.0.0:9090"',
        expected=(
            "error: FILE, line 2, ops.listen: is reachable from other machines, and the ops port "
            'has no sign-in yet. Listen on "127.0.0.1:9090", and reach it through an SSH tunnel or '
            "a proxy on this machine.",
        ),
    ),
    "ops on the edge's port": Faulty(
        file='[ops]\nlisten = "127.0.0.1:8080"',
        expected=(
            "error: FILE, line 2, ops.listen: is the port of edge.listen: the two must listen on "
            'different ports. Use another port, e.g. "127.0.0.1:9090".',
        ),
    ),
    "no target": Faulty(
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(f"error: FILE, carrier.target: is missing. {WRITE_TARGET}",),
    ),
    "a web address as target": Faulty(
        file='[carrier]\ntarget = "https://dispatch:50051"',
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(
            "error: FILE, line 2, carrier.target: is not a valid gRPC target: it is a URL. "
            f"A gRPC target does not start with http://. {WRITE_TARGET}",
        ),
    ),
    "plaintext that leaves the machine": Faulty(
        file='[carrier]\ntarget = "ipv4:127.0.0.1:1,10.0.0.1:1"',
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(
            "error: FILE, line 2, carrier.target: leaves this machine, and there is no TLS: "
            "passwords would be readable. Add [carrier.tls], or set carrier.insecure = true if "
            "the network is trusted.",
        ),
    ),
    "target without a port": Faulty(
        file='[carrier]\ntarget = "dns:///dispatch"\ninsecure = true',
        without=("WAYBRIDGE_CARRIER__TARGET",),
        expected=(
            f"warning: FILE, line 2, carrier.target: has no port: gRPC uses 443. {WRITE_TARGET}",
        ),
    ),
    "insecure beside TLS": Faulty(
        file="[carrier]\ninsecure = true\n[carrier.tls]",
        expected=(
            "warning: FILE, line 2, carrier.insecure: has no effect: [carrier.tls] is set, so "
            "TLS is used. Remove one of the two.",
        ),
    ),
    "certificate without its key": Faulty(
        file='[carrier.tls]\ncert = "adapter.toml"',
        expected=(
            "error: FILE, line 1, carrier.tls.key: is missing: carrier.tls.cert needs "
            "it too. Mutual TLS needs both files; without mutual TLS remove both.",
        ),
    ),
    "file that is not there": Faulty(
        file='[carrier]\nmapping = "nowhere.toml"',
        expected=(
            "error: FILE, line 2, carrier.mapping: names FOLDER/nowhere.toml, which does not "
            "exist. A relative name starts from the folder of the file that it is written in.",
        ),
    ),
    "folder for a file": Faulty(
        file='[ops]\nusers = "."',
        expected=(
            "error: FILE, line 2, ops.users: names FOLDER, which is a folder. "
            "A relative name starts from the folder of the file that it is written in.",
        ),
    ),
    "ledger in no folder": Faulty(
        file='[ledger]\nurl = "sqlite:///none/x.db"',
        expected=(
            "error: FILE, line 2, ledger.url: names a file in FOLDER/none, which is not a folder. "
            "Create the folder; the ledger's file is created at the first start.",
        ),
    ),
    "unknown database": Faulty(
        file='[ledger]\nurl = "mysql://x/y"',
        expected=(
            "error: FILE, line 2, ledger.url: is not a valid ledger URL. Write "
            "sqlite:///waybridge.db, postgresql://user@host/name or memory:.",
        ),
    ),
    "postgres by its short name": Faulty(
        file='[ledger]\nurl = "postgres://x/y"',
        expected=(
            "error: FILE, line 2, ledger.url: is not a valid ledger URL. "
            "Write postgresql:// for it.",
        ),
    ),
    "sqlite in memory": Faulty(
        file='[ledger]\nurl = "sqlite:///:memory:"',
        expected=(
            "error: FILE, line 2, ledger.url: is not a valid ledger URL. "
            "For a ledger in memory write memory: alone.",
        ),
    ),
    "forward to no URL": Faulty(
        file='[forward]\nurl = "127.0.0.1:7000"',
        expected=(
            "error: FILE, line 2, forward.url: is not a valid URL. Write e.g. http://127.0.0.1:7000/wechat.",
        ),
    ),
    "misspelt time zone": Faulty(
        file='[ops]\ntimezone = "Asia/Shanghia"',
        expected=(
            "error: FILE, line 2, ops.timezone: is not a known time zone. Did you mean "
            '"Asia/Shanghai"?',
        ),
    ),
    "calls shorter than replies": Faulty(
        file="[carrier]\ndeadline_seconds = 2",
        expected=(
            "warning: FILE, line 2, carrier.deadline_seconds: is shorter than "
            "edge.reply_within_seconds: calls end in doubt too early. Leave it at 12: a call may "
            "outlive its reply.",
        ),
    ),
    "no time to ask": Faulty(
        file="[carrier]\nconnect_wait_seconds = 4",
        expected=(
            "warning: FILE, line 2, carrier.connect_wait_seconds: and "
            "ledger.commit_within_seconds leave no time to call the carrier within "
            "edge.reply_within_seconds. Their sum should be less than half of it.",
        ),
    ),
}
