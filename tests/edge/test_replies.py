from __future__ import annotations

import pytest
from starlette.types import Message

from adapter.edge import replies
from adapter.edge.replies import CONTENT_TYPES, HttpAnswer
from adapter.wechat.codec import Format


async def sent(answer: HttpAnswer) -> list[Message]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await answer.send(send)
    return messages


async def test_an_answer_is_sent_whole_with_its_length() -> None:
    answer = HttpAnswer(status=200, body="好".encode(), extra=((b"x-a", b"b"),))

    assert await sent(answer) == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"3"),
                (b"x-a", b"b"),
            ],
        },
        {"type": "http.response.body", "body": "好".encode()},
    ]


async def test_a_foreign_content_type_cannot_fail_the_answer() -> None:
    start, _ = await sent(HttpAnswer(status=200, body=b"", content_type="text/好"))

    assert start["headers"][0] == (b"content-type", b"text/?")


def test_each_format_has_its_content_type() -> None:
    assert set(CONTENT_TYPES) == set(Format)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (replies.BAD_REQUEST, 400),
        (replies.FORBIDDEN, 403),
        (replies.NOT_FOUND, 404),
        (replies.NOT_ALLOWED, 405),
        (replies.TOO_SLOW, 408),
        (replies.TOO_LARGE, 413),
        (replies.SUCCESS, 200),
    ],
)
def test_the_standing_answers_have_the_status_of_the_table(answer: HttpAnswer, status: int) -> None:
    assert (answer.status, bool(answer.body)) == (status, True)
