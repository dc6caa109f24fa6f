"""Of whom something is read, and when: never twice, first alone, in the end of everybody."""

from passaparola.kernel.batch import _ONE_BY_ONE_MAX, Readings


def test_few_alone_then_everybody_and_nobody_twice() -> None:
    readings, everybody = Readings(), range(1000)
    alone = [readings.missing([person, person + 1], lambda: everybody) for person in range(0, 2 * _ONE_BY_ONE_MAX, 2)]
    assert alone == [{person, person + 1} for person in range(0, 2 * _ONE_BY_ONE_MAX, 2)]
    assert readings.missing([0, 1], lambda: everybody) == set()
    assert readings.missing([999], lambda: everybody) == set(range(2 * _ONE_BY_ONE_MAX, 1000))
    assert readings.missing([500, 2000], lambda: everybody) == {2000}
