"""Every slip in how a mapping reads replies, failed calls and lookups, and what is read of it."""

from __future__ import annotations

from tests.carrier.mapping_fault import Slip

SLIPS_IN_REPLIES = (
    Slip(
        name="no status field",
        old='field = "result.state"\n',
        new="",
        errors=('line 15, status.field: is missing. Name the enum in the reply: field = "…".',),
    ),
    Slip(
        name="a status that is no enum",
        old='field = "result.state"',
        new='field = "code"',
        errors=('line 16, status.field: "code" is int32, not an enum. Choose from: result.state.',),
    ),
    Slip(
        name="a repeated status",
        old='field = "result.state"',
        new='field = "history"',
        errors=(
            'line 16, status.field: "history" is a repeated field: a mapping '
            "cannot say which of its values is meant. Name a singular field.",
        ),
    ),
    Slip(
        name="a message that is no text",
        old='message = "result.detail"',
        new='message = "code"',
        errors=(
            'line 17, status.message: "code" is int32, not a string. Choose from: redirect, '
            "result.detail.",
        ),
    ),
    Slip(
        name="a flag in quotes",
        old="show_message = true",
        new='show_message = "yes"',
        errors=("line 18, status.show_message: must be true or false. Write it without quotes.",),
    ),
    Slip(
        name="a value without a row",
        old='ON_VAN = "picked_up"\n',
        new="",
        errors=('line 20, status.outcomes: ON_VAN (200) has no row. Add a line: ON_VAN = "…".',),
    ),
    Slip(
        name="a zero that means something",
        old='NONE = "failed"',
        new='NONE = "not_found"',
        errors=(
            "line 21, status.outcomes.NONE: is the enum's zero value: a forgotten field "
            'looks like it, so it may only be "failed". Write NONE = "failed".',
        ),
    ),
    Slip(
        name="a zero without a row",
        old='NONE = "failed"\n',
        new="",
        errors=('line 20, status.outcomes: NONE (0) has no row. Add a line: NONE = "failed".',),
    ),
    Slip(
        name="an unknown value",
        old='ON_VAN = "picked_up"',
        new='ON_VAM = "picked_up"',
        errors=(
            'line 20, status.outcomes: ON_VAN (200) has no row. Add a line: ON_VAN = "…".',
            "line 24, status.outcomes.ON_VAM: dispatch.State has no such value. Did you "
            'mean "ON_VAN"?',
        ),
    ),
    Slip(
        name="an unknown outcome",
        old='ON_VAN = "picked_up"',
        new='ON_VAN = "pickedup"',
        errors=(
            'line 24, status.outcomes.ON_VAN: "pickedup" is not a valid meaning. Did you mean '
            '"picked_up"?',
        ),
    ),
    Slip(
        name="aliases that disagree",
        old='VOIDED = "cancelled"',
        new='VOIDED = "invalid"',
        errors=(
            'line 23, status.outcomes.VOIDED: is an alias of "DONE", which means something '
            "else. One number has one meaning: keep one of the two rows.",
        ),
    ),
    Slip(
        name="nothing means cancelled",
        old='DONE = "cancelled"\nVOIDED = "cancelled"',
        new='DONE = "failed"',
        errors=(
            'line 20, status.outcomes: no status but zero means "cancelled": no '
            "cancellation could ever be reported.",
        ),
    ),
    Slip(
        name="an unknown code",
        old='NOT_FOUND = "not_found"',
        new='NOTFOUND = "not_found"',
        errors=(
            "line 31, grpc.NOTFOUND: is not a gRPC code of a failed call. "
            'Did you mean "NOT_FOUND"?',
        ),
    ),
    Slip(
        name="a code that never refuses",
        old='NOT_FOUND = "not_found"',
        new='OK = "cancelled"',
        errors=(
            "line 31, grpc.OK: is not a gRPC code of a failed call. Choose from: "
            "FAILED_PRECONDITION, INVALID_ARGUMENT, OUT_OF_RANGE, ALREADY_EXISTS, "
            "PERMISSION_DENIED, UNAUTHENTICATED, NOT_FOUND, UNIMPLEMENTED, INTERNAL, "
            "UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, ….",
        ),
    ),
    Slip(
        name="doubt as success",
        old='NOT_FOUND = "not_found"',
        new='UNAVAILABLE = "cancelled"',
        errors=(
            "line 31, grpc.UNAVAILABLE: UNAVAILABLE may come before or after the effect: "
            "it can never mean cancelled. Remove this line; the adapter asks again and "
            "learns it.",
        ),
    ),
    Slip(
        name="a reason with an unknown outcome",
        old='MERCHANT_GONE = "not_found"',
        new='MERCHANT_GONE = "gone"',
        errors=(
            'line 35, grpc.reasons.MERCHANT_GONE: "gone" is not a valid meaning. Choose from: '
            "cancelled, not_found, picked_up, invalid, already_cancelled, unsupported, "
            "failed, in_doubt, lookup.",
        ),
    ),
    Slip(
        name="the password in a lookup",
        old='number = "WayBillID"\n\n[lookup.status]',
        new='number = "WayBillID"\npassword = "BizPwd"\n\n[lookup.status]',
        errors=(
            "line 42, lookup.request.password: BizPwd cannot be sent here: the password is "
            "never stored, and a lookup is made long after the push. Remove this line.",
        ),
    ),
    Slip(
        name="an outcome that is no fact",
        old='STAGE_VAN = "picked_up"',
        new='STAGE_VAN = "failed"',
        errors=(
            'line 49, lookup.status.outcomes.STAGE_VAN: "failed" is not a valid meaning. Choose '
            "from: cancelled, picked_up, invalid, active, not_found.",
        ),
    ),
    Slip(
        name="a lookup's zero",
        old='STAGE_OPEN = "active"',
        new='STAGE_OPEN = "active"\nSTAGE_NONE = "active"',
        errors=(
            "line 48, lookup.status.outcomes.STAGE_NONE: is the enum's zero value: a "
            "forgotten field looks like it, so it settles nothing. Remove this line.",
        ),
    ),
    Slip(
        name="a lookup without status",
        old='[lookup.status]\nfield = "life.stage"\n',
        new="",
        errors=(
            'line 37, lookup.status.field: is missing. Name the enum in the reply: field = "…".',
        ),
    ),
    Slip(
        name="a table that is none",
        old="[grpc]",
        new='grpc = "x"\n[x]',
        errors=(
            'line 30, status.outcomes.grpc: "x" is not a valid meaning. Choose from: cancelled, '
            "not_found, picked_up, invalid, already_cancelled, unsupported, failed, "
            "in_doubt.",
            "line 30, status.outcomes.grpc: dispatch.State has no such value. Choose from: "
            "NONE, VOIDED, DONE, ON_VAN, CLOSED, VOIDED_BEFORE, BROKEN, STILL_WORKING.",
            "line 31, x: unknown setting. Choose from: method, request, status, grpc, lookup.",
        ),
    ),
)
