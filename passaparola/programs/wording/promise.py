"""What a programme promises: how to recommend, how it is tracked, how and when the reward comes, the terms in brief."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from passaparola.kernel import words
from passaparola.programs.wording.amounts import amount, reward

Terms = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of "how it works": a few words and a sentence or two."""

    title: str
    text: str


def _qualify(terms: Terms) -> Mapping[str, Any]:
    return terms.get("qualify") or {}


def _order(language: str, terms: Terms, currency: str) -> str:
    """Which order counts, as the object of a sentence."""
    least = int(_qualify(terms).get("order_minor_min") or 0)
    if least:
        return gettext("a first order of at least {amount}").format(amount=amount(language, least, currency))
    return gettext("a first order")


def _days(count: int) -> str:
    return ngettext("%(number)s day", "%(number)s days", count) % {"number": count}


@words.spoken
def advocate_gets(language: str, terms: Terms) -> str:
    """What the advocate gets for each friend: "500 points"; empty where nothing."""
    return reward(language, terms.get("advocate"))


@words.spoken
def friend_gets(language: str, terms: Terms) -> str:
    """What the friend gets: "10 €"; empty where nothing."""
    return reward(language, terms.get("friend"))


@words.spoken
def invitation(language: str, terms: Terms, *, business: str) -> str:
    """The headline that a friend reads: what the operator typed, else what the rules give."""
    own = words.typed((terms.get("texts") or {}).get("headline"), language)
    prize = friend_gets(language, terms)
    if own:
        return own
    if prize:
        return gettext("{amount} for you at {business}").format(amount=prize, business=business)
    return gettext("A friend recommends {business}").format(business=business)


@words.spoken
def give_and_get(language: str, terms: Terms, *, business: str) -> str:
    """The headline that the advocate reads: what she gives first, what she gets second."""
    gives, gets = friend_gets(language, terms), advocate_gets(language, terms)
    if gives and gets:
        return gettext("You give {gives}, you get {gets}").format(gives=gives, gets=gets)
    if gives:
        return gettext("Give a friend {gives}").format(gives=gives)
    if gets:
        return gettext("{gets} for each friend you bring").format(gets=gets)
    return gettext("Recommend {business}").format(business=business)


@words.spoken
def how_it_works(language: str, terms: Terms, *, business: str, currency: str) -> list[Step]:
    """Three steps for the advocate: share, the friend buys, the reward comes."""
    return [
        Step(
            gettext("Share your link or your code"),
            gettext("Send it from your own phone or mail. We never ask you for a friend’s address."),
        ),
        Step(gettext("Your friend signs up and buys"), " ".join(_friend_buys(language, terms, business, currency))),
        _reward_step(language, terms),
    ]


def _friend_buys(language: str, terms: Terms, business: str, currency: str) -> Iterator[str]:
    prize = friend_gets(language, terms)
    window = int(_qualify(terms).get("window_days") or 0)
    order = _order(language, terms, currency)
    if window:
        yield gettext("What counts is {order} at {business} within {days} of opening your link.").format(
            order=order, business=business, days=_days(window)
        )
    else:
        yield gettext("What counts is {order} at {business}.").format(order=order, business=business)
    if prize:
        yield gettext("Your friend gets {amount}.").format(amount=prize)


def _reward_step(language: str, terms: Terms) -> Step:
    prize = advocate_gets(language, terms)
    if not prize:
        return Step(
            gettext("You do your friend a favour"),
            gettext("This programme has no reward for you: what there is goes to your friend."),
        )
    return Step(gettext("You get {amount}").format(amount=prize), when_it_comes(language, terms))


@words.spoken
def how_it_is_tracked(language: str, terms: Terms) -> list[str]:
    """How we know who brought whom."""
    window = int(_qualify(terms).get("window_days") or 0)
    sentences = [
        gettext(
            "We know that a friend comes from you by your code, typed at sign-up or with the order, or by your link."
        )
    ]
    if window:
        sentences.append(
            gettext(
                "A visit through your link is remembered for {days}, in one cookie of ours and no one else’s."
            ).format(days=_days(window))
        )
    sentences.append(gettext("A code says more than a link: where both are there, the code counts."))
    sentences.append(gettext("Each friend counts once, for one person."))
    return sentences


@words.spoken
def when_it_comes(language: str, terms: Terms) -> str:
    """How and when the advocate's reward comes."""
    hold = int(terms.get("hold_days") or 0)
    if not hold:
        return gettext("Your reward is yours as soon as the order is complete. We tell you by mail.")
    return gettext(
        "When the order is complete we set your reward aside. After {days}, once the order can no longer be returned, "
        "it is yours."
    ).format(days=_days(hold))


@words.spoken
def summary(language: str, terms: Terms, *, business: str, currency: str) -> list[str]:
    """The terms in brief, one sentence a rule, for advocate and friend alike."""
    return list(_rules(language, terms, business, currency))


def _rules(language: str, terms: Terms, business: str, currency: str) -> Iterator[str]:
    yield gettext(
        "Customers of {business} with a personal code may recommend; nobody may recommend themselves."
    ).format(business=business)
    yield _who_is_new(terms, business)
    yield _what_counts(language, terms, currency)
    yield from _who_gets_what(language, terms)
    yield _what_becomes_of_it(terms)
    most = (terms.get("caps") or {}).get("advocate_rewards_per_year")
    if most and advocate_gets(language, terms):
        yield ngettext(
            "At most %(number)s reward a person in 12 months.",
            "At most %(number)s rewards a person in 12 months.",
            most,
        ) % {"number": most}
    if any(limit is not None for limit in (terms.get("budget") or {}).values()):
        yield gettext(
            "The programme has a budget. Once it is promised, no new rewards are; those already set aside stand."
        )
    yield gettext("The terms in force when a code was given out stay in force for it.")


def _who_is_new(terms: Terms, business: str) -> str:
    days = _qualify(terms).get("new_customer_days")
    if days:
        return gettext("A friend counts who has not bought from {business} in the last {days}.").format(
            business=business, days=_days(int(days))
        )
    return gettext("A friend counts who has never bought from {business} before.").format(business=business)


def _what_counts(language: str, terms: Terms, currency: str) -> str:
    window = int(_qualify(terms).get("window_days") or 0)
    order = _order(language, terms, currency)
    if window:
        return gettext("What counts is {order} within {days} of the visit or sign-up.").format(
            order=order, days=_days(window)
        )
    return gettext("What counts is {order}.").format(order=order)


def _who_gets_what(language: str, terms: Terms) -> Iterator[str]:
    advocate, friend = advocate_gets(language, terms), friend_gets(language, terms)
    if advocate:
        yield gettext("Whoever recommends gets {amount} for each friend.").format(amount=advocate)
    else:
        yield gettext("Whoever recommends gets no reward.")
    if friend:
        yield gettext("The friend gets {amount}.").format(amount=friend)


def _what_becomes_of_it(terms: Terms) -> str:
    hold = int(terms.get("hold_days") or 0)
    if not hold:
        return gettext(
            "Rewards come as soon as the order is complete. If it is returned or cancelled, they are taken back."
        )
    return gettext(
        "Rewards are set aside when the order is complete and come {days} later. "
        "If it is returned or cancelled, they lapse or are taken back."
    ).format(days=_days(hold))
