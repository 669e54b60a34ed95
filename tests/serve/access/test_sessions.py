"""A token stands for a key until it is ended, or not used for long."""

from footfall.serve.access import Sessions


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_stands_for_its_key_until_it_is_ended() -> None:
    sessions = Sessions()
    first, second = sessions.begin("key of jane"), sessions.begin("key of jane")

    assert first != second
    assert "jane" not in first
    sessions.end(first)
    assert (sessions.key_of(first), sessions.key_of(second)) == (None, "key of jane")
    assert sessions.key_of("") is None
    sessions.end("never begun")


def test_a_token_is_forgotten_when_it_was_not_used_for_long() -> None:
    clock = Clock()
    sessions = Sessions(100.0, clock)
    used, idle = sessions.begin("one"), sessions.begin("other")
    for clock.now in (60.0, 120.0, 180.0):
        assert sessions.key_of(used) == "one"

    assert sessions.key_of(idle) is None
    clock.now = 281.0
    assert sessions.key_of(used) is None


def test_tokens_that_nobody_uses_are_not_kept_for_ever() -> None:
    clock = Clock()
    sessions = Sessions(100.0, clock)
    for clock.now in range(0, 10_000, 10):
        sessions.begin("key")

    assert len(sessions) == 11
