"""What is remembered of credentials, and that forgetting leaves nothing behind."""

from uuid import UUID, uuid4

from immich_host.auth.known import LIMIT, Memory, known
from immich_host.plugin_api.web import Caller

USER = UUID(int=1)


def caller(session_id: UUID) -> Caller:
    return Caller(user_id=USER, email="ada@host.test", name="Ada", is_admin=False, session_id=session_id)


def test_forgetting_a_session_spares_the_other_sessions_of_its_user() -> None:
    memory, sessions = Memory(), [uuid4(), uuid4()]
    for number, session in enumerate(sessions):
        memory.put(bytes([number]), known(caller(session)), memory.generation)
    memory.forget([str(sessions[0])])
    assert (memory.get(b"\0"), len(memory)) == (None, 1)
    memory.forget([str(USER)])
    assert len(memory) == 0


def test_sessions_that_come_and_go_leave_nothing_behind() -> None:
    memory = Memory()
    for number in range(1000):
        session = uuid4()
        memory.put(number.to_bytes(4), known(caller(session)), memory.generation)
        memory.forget([str(session)] if number % 2 else [str(USER)])
    assert memory.subjects == 0


def test_memory_is_bounded() -> None:
    memory = Memory()
    for number in range(LIMIT + 1):
        memory.put(number.to_bytes(4), known(caller(uuid4())), memory.generation)
    assert len(memory) <= LIMIT
