"""The messages we send: for each key its purpose, how long it is worth sending, and what its text may say."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_noop as _

from passaparola.kernel import words

# In this order they are claimed: an ask never delays a notice.
PURPOSES = ("service", "referral", "offers")


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that a text may use; `meaning` is English, translated where shown."""

    path: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of message."""

    key: str
    purpose: str
    name: str
    # After this long it is no longer worth sending.
    good_for: timedelta
    variables: tuple[Variable, ...]

    @property
    def paths(self) -> frozenset[str]:
        """Every variable its text may use."""
        return frozenset(variable.path for variable in self.variables)


_EVERYWHERE = (
    Variable("business", _("Your business's name.")),
    Variable("person.given_name", _("Her given name; empty if we do not know it.")),
    Variable("language", _("Her language: es, it or en.")),
    Variable("advocate_link", _("The address of her own page: code, friends, rewards. It opens without a password.")),
    Variable("preferences_link", _("Where she chooses what we may write to her about.")),
    Variable("program", _("The programme's name.")),
)
_CODE = (
    Variable("code", _("Her code.")),
    Variable("share_link", _("The link she shares.")),
    Variable("advocate_reward", _("What she gets for a friend, such as 500 points; empty where nothing.")),
    Variable("friend_reward", _("What a friend gets, such as 10 €; empty where nothing.")),
)
_REWARD = (
    Variable("reward", _("The reward, such as 500 points or 10 €.")),
    Variable("role", _("advocate or friend: as what she earned it.")),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "ask", "referral", _("Asking for a recommendation"), timedelta(days=7),
        (
            *_EVERYWHERE, *_CODE,
            Variable("when_it_comes", _("How and when her reward comes, in a sentence made from the rules.")),
            Variable("steps", _("How it works, made from the rules: a list, each with title and text.")),
            Variable("rules", _("The terms in brief, made from the rules: a list of sentences.")),
        ),
    ),
    Kind(
        "opt_in", "service", _("Confirming an address"), timedelta(days=7),
        (
            *_EVERYWHERE,
            Variable("confirm_link", _("The link that confirms the address.")),
            Variable("friend_reward", _("What a friend gets, such as 10 €; empty where nothing.")),
        ),
    ),
    Kind("friend_joined", "service", _("A friend joined"), timedelta(days=14), (*_EVERYWHERE, *_CODE)),
    Kind(
        "reward_held", "service", _("A reward is set aside"), timedelta(days=30),
        (*_EVERYWHERE, *_REWARD, Variable("due_on", _("The day on which it becomes hers, in words."))),
    ),
    Kind("reward_paid", "service", _("A reward is paid"), timedelta(days=60), (*_EVERYWHERE, *_REWARD)),
    Kind("reward_reversed", "service", _("A reward is withdrawn"), timedelta(days=60), (*_EVERYWHERE, *_REWARD)),
)  # fmt: skip

BY_KEY = {kind.key: kind for kind in KINDS}


@words.spoken
def name(language: str, key: str) -> str:
    """What the console calls this message."""
    from django.utils.translation import gettext

    return gettext(BY_KEY[key].name) if key in BY_KEY else key
