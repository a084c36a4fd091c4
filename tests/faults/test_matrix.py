"""Every fault at every stage of a photo's way: after it and one sweep, all is as if it had never been."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.conftest import Ended, Stand
from tests.faults.endstate import NOBODYS, State, differences, end_state, left_undone
from tests.faults.holding import Holding
from tests.faults.stages import STAGES, Stage, bring, send_until_taken
from tests.faults.striking import FAULTS, Fault
from tests.together.served import Person

pytestmark = pytest.mark.timeout(600)


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=FAULTS, ids=lambda fault: fault.name)
async def ended(request: pytest.FixtureRequest, stand: Stand, calm: State) -> AsyncIterator[Ended]:
    """A library of whose files one stands at each stage when the fault strikes."""
    fault: Fault = request.param
    if fault.needs_mount and not stand.ground.can_mount:
        pytest.skip("a disk can be filled or protected by root only")
    served = stand.served
    mark = len(served.said)
    person = await Person.make(served, fault.name.replace(" ", "-").lower(), stand.admin)
    async with Holding(served) as holding:
        await bring(served, person, stand.library, holding, begun=not fault.lasts)
        await fault.strike(served, stand.ground)
    sending = asyncio.create_task(send_until_taken(person, "received.jpg", stand.library["received.jpg"]))
    if fault.recover is not None:
        try:
            await stand.idle()
        finally:
            await fault.recover(served, stand.ground)
    await sending
    await stand.idle()
    await stand.sweep()
    await stand.idle()
    said = [line for line in served.said[mark:] if "[error" in line or "Error" in line]
    yield Ended(await end_state(served, person), await left_undone(served), said)
    await served.sql("DELETE FROM job_request WHERE failed_at IS NOT NULL")


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_the_end_is_the_undisturbed_one(ended: Ended, calm: State, stage: Stage) -> None:
    for name in stage.files:
        wrong = differences(ended.state[f"<{name}>"], calm[f"<{name}>"])
        if wrong:
            pytest.fail("\n".join([name, *wrong, *ended.said]), pytrace=False)


def test_nothing_is_left_over(ended: Ended, calm: State) -> None:
    if ended.undone:
        pytest.fail("\n".join(ended.undone), pytrace=False)
    assert ended.state.keys() == calm.keys()
    assert NOBODYS not in calm
    assert ended.state["<owner>"] == calm["<owner>"]
