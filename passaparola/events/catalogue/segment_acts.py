"""Acts about segments: made, edited, handed on; and the comings and goings that follow."""

from passaparola.events.catalogue.shape import Definition, Property, _

_PERSON = Property("person", "integer", _("Whose: the person's number."), True)
_SEGMENT = Property("segment", "integer", _("Which segment."), True)
_SYNC = Property("sync", "integer", _("Which sync."), True)

SEGMENT_ACTS: tuple[Definition, ...] = (
    Definition(
        "Segment Created",
        _("A segment was made: a rule over everybody, by which people are in or out."),
        (
            Property("names", "object", _("Its name in es, it and en."), True),
            Property("rule", "object", _("The rule: see the reference of rules."), True),
            Property("key", "text", _("Its short key; made from the name where it is left out.")),
            Property("strategy", "object", _("What is done with these people, in es, it and en.")),
        ),
        "act",
    ),
    Definition(
        "Segment Edited",
        _("A segment got another name, strategy or rule; the rule before stays in its history."),
        (
            _SEGMENT,
            Property("names", "object", _("Its name in es, it and en.")),
            Property("rule", "object", _("The rule: see the reference of rules.")),
            Property("strategy", "object", _("What is done with these people, in es, it and en.")),
        ),
        "act",
    ),
    Definition("Segment Archived", _("A segment is no longer kept: nobody is in it any more."), (_SEGMENT,), "act"),
    Definition("Segment Restored", _("An archived segment is kept again."), (_SEGMENT,), "act"),
    Definition(
        "Segment Pinned",
        _("Somebody is in a segment, or out of it, by hand, whatever the rule says."),
        (
            _SEGMENT,
            _PERSON,
            Property("state", "text", _("in, out, or empty: the rule decides again."), True),
            Property("reason", "text", _("Why.")),
        ),
        "act",
    ),
    Definition(
        "Sync Started",
        _("A segment is handed on regularly, to a file or a signed webhook."),
        (
            _SEGMENT,
            Property("kind", "text", _("webhook or file."), True),
            Property("content", "text", _("everybody, or moves: who came and went since the last time.")),
            Property("target", "text", _("The webhook's address; for a file, empty.")),
            Property("every_hours", "integer", _("How often."), True),
        ),
        "act",
    ),
    Definition("Sync Stopped", _("A segment is handed on no more."), (_SYNC,), "act"),
    Definition(
        "Sync Done",
        _("A segment was handed on, or could not be."),
        (
            _SYNC,
            Property("until", "integer", _("The event up to which moves were handed on."), True),
            Property("lines", "integer", _("How many lines.")),
            Property("failure", "text", _("Why it could not be; empty where it was.")),
        ),
        "act",
    ),
    Definition(
        "Playbook Changed",
        _("What to say to the people of a stage, why, and where to do it, was written anew. It sends nothing."),
        (
            Property("stage", "text", _("few, some or many."), True),
            Property("aim", "object", _("What the stage is to lead to, in es, it and en."), True),
            Property(
                "advice", "list", _("say and why in es, it and en; page: where it is done; fact: what is told beside it."), True
            ),
        ),
        "act",
    ),
    Definition(
        "Playbook Restored",
        _("The playbook of a stage is the shipped one again."),
        (Property("stage", "text", _("few, some or many."), True),),
        "act",
    ),
    Definition(
        "Profiles Changed",
        _("The smallest group that profiles tell of was changed."),
        (Property("least", "integer", _("So many people at least, from 3 to 50."), True),),
        "act",
    ),
    Definition(
        "Segment Entered",
        _("Somebody came into a segment."),
        (
            _PERSON,
            Property("segment", "text", _("The segment's key."), True),
            Property("because", "text", _("something happened, time passed, by hand, or everybody was looked at.")),
        ),
        "act",
    ),
    Definition(
        "Segment Left",
        _("Somebody went out of a segment."),
        (
            _PERSON,
            Property("segment", "text", _("The segment's key."), True),
            Property("because", "text", _("something happened, time passed, by hand, or everybody was looked at.")),
        ),
        "act",
    ),
)
