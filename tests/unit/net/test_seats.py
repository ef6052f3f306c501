"""Places: the address that holds the most gives one up first, and only who is idle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outrider.net.seats import BUSY, IDLE_SECONDS, Seats


def test_the_idlest_of_the_address_that_holds_the_most() -> None:
    seats: Seats[str] = Seats(4)
    seats.take("alone", "a", 0.0)
    seats.take("first", "b", 1.0)
    seats.take("second", "b", 2.0)
    seats.take("third", "b", 3.0)
    assert seats.idlest(5.0) is None
    assert seats.idlest(20.0) == "first"
    seats.stir("first", "b", 15.0)
    assert seats.idlest(20.0) == "second"
    seats.stir("second", "b", BUSY)
    assert seats.idlest(20.0) == "third"
    seats.stir("third", "b", BUSY)
    assert seats.idlest(20.0) == "alone"
    seats.leave("first", "b")
    seats.leave("first", "b")
    seats.stir("first", "b", 99.0)
    assert seats.full is False


@given(st.lists(st.tuples(st.sampled_from(["take", "stir", "leave"]), st.integers(0, 5), st.booleans())))
def test_any_course(steps: list[tuple[str, int, bool]]) -> None:
    seats: Seats[int] = Seats(3)
    held: dict[int, float] = {}
    for now, (step, holder, busy) in enumerate(steps):
        moment = BUSY if busy else float(now)
        address = str(holder % 2)
        if step == "take" and holder not in held and not seats.full:
            seats.take(holder, address, moment)
            held[holder] = moment
        elif step == "stir":
            seats.stir(holder, address, moment)
            held.update({holder: moment} if holder in held else {})
        elif step == "leave":
            seats.leave(holder, address)
            held.pop(holder, None)
        assert seats.full == (len(held) >= 3)
        found = seats.idlest(now)
        if found is None:
            assert all(now - since < IDLE_SECONDS for since in held.values())
        else:
            assert now - held[found] >= IDLE_SECONDS
