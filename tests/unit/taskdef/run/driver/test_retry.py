from outrider.taskdef.run.driver import retry


def test_waits_are_those_of_the_driver() -> None:
    assert [retry.seconds_before(n) for n in range(15)] == [0, 1, 1, 2, 3, 5, 7, 11, 17, 25, 38, 57, 60, 60, 60]


def test_a_router_that_is_away_for_days_is_still_tried() -> None:
    assert retry.seconds_before(1_000_000) == retry.CAP
