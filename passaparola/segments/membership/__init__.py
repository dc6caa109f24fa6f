"""Who is in which segment: kept up with every event, exact to the second, each coming and going an event of its own.

`orders` does what marketers order (make a segment, edit it, pin somebody); `touch` says which segments an event may
have changed for whom; `weigh` asks the rules and writes the differences.

An event that may change somebody's membership sets, in its own transaction, a timer of kind "weigh" with the people
touched. The worker rings it in its next turn; one set-based statement a segment then answers for all of them at once,
as of the ring. What comes of it (rows, "Segment Entered", "Segment Left") is folded with the ring, so a replay of the
log comes to the same. What changes through time alone has a timer of its own, one a person.
"""

from passaparola.segments.membership.room import Memberships

__all__ = ["Memberships"]
