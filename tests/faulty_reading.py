"""Configurations that cannot be read as they stand: spelling, kinds, ranges, TOML."""

from __future__ import annotations

from tests.faulty import Faulty

NO_SETTING = "unknown setting."

FAULTY_READING: dict[str, Faulty] = {
    "misspelt key": Faulty(
        file='[edge]\nlisten = "0.0.0.0:1"\npaht = "/"',
        expected=(f'error: FILE, line 3, edge.paht: {NO_SETTING} Did you mean "path"?',),
    ),
    "misspelt section": Faulty(
        file='[edg]\npath = "/"',
        expected=(f'error: FILE, line 1, edg: {NO_SETTING} Did you mean "edge"?',),
    ),
    "key in the wrong section": Faulty(
        file='[edge]\ntimezone = "UTC"',
        expected=(
            f'error: FILE, line 2, edge.timezone: {NO_SETTING} Did you mean "ops.timezone"?',
        ),
    ),
    "nothing like it": Faulty(
        file="[forward]\nxyzzy = 1",
        expected=(f"error: FILE, line 2, forward.xyzzy: {NO_SETTING} Choose from: url.",),
    ),
    "misspelt variable": Faulty(
        environ={"WAYBRIDGE_WECHAT_TOKEN": "x"},
        expected=(
            f"error: environment variable WAYBRIDGE_WECHAT_TOKEN: {NO_SETTING} "
            'Did you mean "WAYBRIDGE_WECHAT__TOKEN"?',
        ),
    ),
    "variable like nothing": Faulty(
        environ={"WAYBRIDGE_QQQQQQQ": "x"},
        expected=(
            f"error: environment variable WAYBRIDGE_QQQQQQQ: {NO_SETTING} "
            "`waybridge schema` lists every setting.",
        ),
    ),
    "text for a number": Faulty(
        file='[edge]\nmax_in_flight = "12"',
        expected=(
            "error: FILE, line 2, edge.max_in_flight: must be a whole number. "
            "Write it without quotes. The default is 512.",
        ),
    ),
    "flag for a number": Faulty(
        file="[edge]\nreply_within_seconds = true",
        expected=(
            "error: FILE, line 2, edge.reply_within_seconds: must be a number. "
            "Write it without quotes. The default is 4.5.",
        ),
    ),
    "number for a flag": Faulty(
        environ={"WAYBRIDGE_CARRIER__INSECURE": "yes please"},
        expected=(
            "error: environment variable WAYBRIDGE_CARRIER__INSECURE, carrier.insecure: "
            "must be true or false. The default is false.",
        ),
    ),
    "number for text": Faulty(
        file="[wechat]\ntoken = 12345",
        without=("WAYBRIDGE_WECHAT__TOKEN",),
        expected=("error: FILE, line 2, wechat.token: must be text in quotes.",),
    ),
    "not finite": Faulty(
        file="[edge]\nidle_seconds = nan",
        expected=(
            "error: FILE, line 2, edge.idle_seconds: must be a finite number. The default is 30.",
        ),
    ),
    "reply later than WeChat waits": Faulty(
        file="[edge]\nreply_within_seconds = 5",
        expected=(
            "error: FILE, line 2, edge.reply_within_seconds: must be at most 4.8. "
            "The default is 4.5.",
        ),
    ),
    "reply too early": Faulty(
        file="[edge]\nreply_within_seconds = 0.5",
        expected=(
            "error: FILE, line 2, edge.reply_within_seconds: must be more than 0.5. "
            "The default is 4.5.",
        ),
    ),
    "nothing in flight": Faulty(
        file="[edge]\nmax_in_flight = 0",
        expected=(
            "error: FILE, line 2, edge.max_in_flight: must be at least 1. The default is 512.",
        ),
    ),
    "unknown mode": Faulty(
        file='[wechat]\nmode = "safe"',
        expected=(
            "error: FILE, line 2, wechat.mode: must be one of 'plaintext', 'compatible' or "
            "'secure'. The default is \"secure\".",
        ),
    ),
    "value for a section": Faulty(
        file="ops = 3",
        expected=(
            "error: FILE, line 1, ops: must be a table, not a value. "
            "Write [ops] on a line of its own and its keys below.",
        ),
    ),
    "programs as a value": Faulty(
        file="mini_programs = 3",
        expected=(
            "error: FILE, line 1, mini_programs: must be a table, not a value. "
            "Write [mini_programs] on a line of its own and its keys below.",
        ),
    ),
    "program with a bad name": Faulty(
        file='["mini_programs"."a b"]\npath = "/a"\ntoken = "abc"\nmode = "plaintext"',
        expected=(
            "error: FILE, line 1, mini_programs.a b: is not a valid name for a Mini Program. "
            "Use letters and digits, with single hyphens or underscores between.",
        ),
    ),
    "line break in a token": Faulty(
        environ={"WAYBRIDGE_WECHAT__TOKEN": "abc\ndef"},
        expected=(
            "error: environment variable WAYBRIDGE_WECHAT__TOKEN, wechat.token: "
            "contains a control character, perhaps a line break.",
        ),
    ),
    "not TOML": Faulty(
        file="[edge]\nlisten = 0.0.0.0:8080",
        expected=(
            "error: FILE, line 2, column 13: is not TOML: Expected newline or end of document "
            "after a statement. Put text in double quotes, and a table's name in [brackets] "
            "on its own line.",
        ),
    ),
    "not TOML to its very end": Faulty(
        file="[edge]\nlisten =",
        expected=(
            "error: FILE, line 2, column 9: is not TOML: Invalid value. Put text in double "
            "quotes, and a table's name in [brackets] on its own line.",
        ),
    ),
    "no such secrets folder": Faulty(
        environ={"WAYBRIDGE_SECRETS_DIR": "/nowhere"},
        expected=(
            "error: /nowhere, WAYBRIDGE_SECRETS_DIR: cannot be listed: no such file or directory. "
            "Point WAYBRIDGE_SECRETS_DIR at a folder of files that are named like the variables.",
        ),
    ),
}
