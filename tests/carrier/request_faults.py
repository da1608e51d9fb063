"""Every slip in a mapping's method and request, and what an integrator reads of it."""

from __future__ import annotations

from tests.carrier.mapping_fault import Slip

SLIPS_IN_REQUESTS = (
    Slip(
        name="a section nobody knows",
        old="[grpc]",
        new="[grcp]",
        errors=('line 30, grcp: unknown setting. Did you mean "grpc"?',),
    ),
    Slip(
        name="a key nobody knows",
        old="show_message = true",
        new="show_mesage = true",
        errors=('line 18, status.show_mesage: unknown setting. Did you mean "show_message"?',),
    ),
    Slip(
        name="no TOML",
        old="[request]",
        new="[request",
        errors=(
            "line 3, column 9: is not TOML: Expected ']' at the end of a table declaration. "
            "Put text in double quotes, and a table's name in [brackets] on its own line.",
        ),
    ),
    Slip(
        name="a key twice",
        old='CLOSED = "invalid"',
        new='CLOSED = "invalid"\nCLOSED = "invalid"',
        errors=(
            "line 26, status.outcomes.CLOSED: is defined twice, first on line 25. "
            "Remove one of the two.",
        ),
    ),
    Slip(
        name="no method",
        old='method = "dispatch.Orders/Void"\n',
        new="",
        errors=('method: is missing. Write method = "package.Service/Method".',),
    ),
    Slip(
        name="an unknown method",
        old="dispatch.Orders/Void",
        new="dispatch.Orders/Viod",
        errors=(
            'line 1, method: the contract has no method "dispatch.Orders/Viod". '
            'Did you mean "dispatch.Orders/Void"? Choose from: dispatch.Orders/Void, '
            "dispatch.Orders/Find.",
        ),
    ),
    Slip(
        name="a streaming method",
        old='method = "dispatch.Orders/Find"',
        new='method = "dispatch.Orders/Follow"',
        errors=(
            'line 38, lookup.method: "dispatch.Orders/Follow" is a streaming method. A '
            "push needs one request and one reply: name a unary method. Choose from: "
            "dispatch.Orders/Void, dispatch.Orders/Find.",
        ),
    ),
    Slip(
        name="an unknown field",
        old='"by_number.number"',
        new='"by_number.nummer"',
        errors=(
            "line 12, request.by_number.nummer: dispatch.Envelope.ByNumber has no field "
            '"nummer". Did you mean "by_number.number"?',
        ),
    ),
    Slip(
        name="an unknown field that is elsewhere",
        old='"by_number.number"',
        new='"number"',
        errors=(
            'line 12, request.number: dispatch.Envelope has no field "number". Did you '
            'mean "by_number.number"?',
        ),
    ),
    Slip(
        name="a path through a text",
        old='"merchant.app"',
        new='"merchant.app.id"',
        errors=('line 11, request.merchant.app.id: "app" is string: it has no fields inside.',),
    ),
    Slip(
        name="a repeated field",
        old='"merchant.app"',
        new='"tags"',
        errors=(
            'line 11, request.tags: "tags" is a repeated field: a mapping '
            "cannot say which of its values is meant. Name a singular field.",
        ),
    ),
    Slip(
        name="a map field",
        old='"merchant.app"',
        new='"extra"',
        errors=(
            'line 11, request.extra: "extra" is a map field: a mapping cannot '
            "say which of its values is meant. Name a singular field.",
        ),
    ),
    Slip(
        name="a message as a target",
        old='"by_number.number"',
        new='"by_number"',
        errors=(
            'line 12, request.by_number: "by_number" is a message '
            "(dispatch.Envelope.ByNumber). Name a field inside it: by_number.number, "
            "by_number.order.",
        ),
    ),
    Slip(
        name="two members of a oneof",
        old='"by_number.order"',
        new='"by_label.label"',
        errors=(
            'line 13, request.by_label.label: "by_label" and "by_number" are members of '
            'one oneof, "target": only one of them can be set. Remove one of the two.',
        ),
    ),
    Slip(
        name="a field inside a filled one",
        old='"merchant.app"',
        new='"merchant.code.value"',
        errors=(
            'line 11, request.merchant.code.value: is inside "merchant.code", which is '
            "filled as a whole. Remove one of the two.",
        ),
    ),
    Slip(
        name="an unknown push field",
        old='"WayBillID"\n"by_number.order"',
        new='"WaybillID"\n"by_number.order"',
        errors=(
            'line 12, request.by_number.number: "WaybillID" is not a field of a push. Did you '
            'mean "WayBillID"? A constant is written "=WaybillID".',
        ),
    ),
    Slip(
        name="text that never fits an integer",
        old='"merchant.app" = "ShopAppID"',
        new='seconds = "ShopAppID"',
        errors=(
            "line 11, request.seconds: ShopAppID never fits int32: it is an app id such as "
            "wx0123456789abcdef. Choose a field of type string or bytes.",
        ),
    ),
    Slip(
        name="the request id in an integer",
        old='"merchant.app" = "ShopAppID"',
        new='seconds = "request_id"',
        errors=(
            "line 11, request.seconds: request_id never fits int32: it is 32 hexadecimal "
            "digits. Choose a field of type string or bytes.",
        ),
    ),
    Slip(
        name="a push field in an enum",
        old='"=CHANNEL_WECHAT"',
        new='"ShopAppID"',
        errors=(
            "line 6, request.header.channel: ShopAppID cannot be put into a field of type "
            'dispatch.Channel. Give a constant: "=CHANNEL_WECHAT".',
        ),
    ),
    Slip(
        name="an unknown constant of an enum",
        old='"=CHANNEL_WECHAT"',
        new='"=CHANNEL_WECHA"',
        errors=(
            "line 6, request.header.channel: dispatch.Channel has no value "
            '"CHANNEL_WECHA". Did you mean "CHANNEL_WECHAT"?',
        ),
    ),
    Slip(
        name="a push field in a bool",
        old='"=false"',
        new='"ShopAppID"',
        errors=(
            "line 7, request.header.dry_run: ShopAppID cannot be put into a field of type "
            'bool. Give a constant: "=true" or "=false".',
        ),
    ),
    Slip(
        name="a constant that is no bool",
        old='"=false"',
        new='"=no"',
        errors=(
            'line 7, request.header.dry_run: "no" is not a constant of type bool. Write '
            '"=true" or "=false".',
        ),
    ),
    Slip(
        name="a push field in a double",
        old='"=0.5"',
        new='"OrderID"',
        errors=(
            "line 8, request.header.weight: OrderID cannot be put into a field of type "
            "double. A floating-point number loses digits of an id: choose a text or "
            "integer field.",
        ),
    ),
    Slip(
        name="a constant that is no number",
        old='"=0.5"',
        new='"=half"',
        errors=('line 8, request.header.weight: "half" is not a constant of type double.',),
    ),
    Slip(
        name="a time that is no time",
        old='"header.at" = "CreateTime"',
        new='"header.at" = "OrderID"',
        errors=(
            "line 5, request.header.at: OrderID cannot be put into a field of type "
            "google.protobuf.Timestamp. Only CreateTime is a time.",
        ),
    ),
    Slip(
        name="a number instead of a text",
        old='"header.dry_run" = "=false"',
        new='"header.dry_run" = false',
        errors=('line 7, request.header.dry_run: must be text in quotes. Write "=false".',),
    ),
    Slip(
        name="no waybill",
        old='"by_number.number" = "WayBillID"\n"by_number.order" = "OrderID"\n',
        new="",
        errors=(
            "line 3, request: neither WayBillID nor OrderID is sent: the carrier cannot "
            'tell which waybill is meant. Add a line: "path.to.the.field" = "WayBillID".',
        ),
    ),
)
