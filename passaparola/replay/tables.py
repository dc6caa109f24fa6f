"""What a replay must come to again: each derived table, by names that mean the same in both stores."""

from passaparola.replay.digests import Table

# Somebody forgotten: their names, words and address are gone from the log, so what was derived from those is not compared.
_KEPT = "p.forgotten_at IS NULL"

TABLES = (
    Table(
        "events",
        "SELECT e.id, e.batch, p.uid, CASE WHEN p.forgotten_at IS NULL THEN e.result END "
        "FROM event e LEFT JOIN person p ON p.id = e.person_id",
        json=(3,),
    ),
    Table("withdrawn events", "SELECT w.id, w.batch, w.withdrawn_by, w.import_id FROM withdrawn_event w"),
    Table(
        "persons",
        "SELECT p.uid, r.uid, p.created_at, p.forgotten_at, p.name, p.given_name, p.birth_on, p.sex, p.language, "
        "p.time_zone, p.profile, p.shows_name FROM person p JOIN person r ON r.id = p.root_id "
        f"WHERE {_KEPT} AND r.forgotten_at IS NULL",
        times=(2, 3),
        json=(10,),
        flags=(11,),
    ),
    Table(
        "identities",
        "SELECT i.kind, i.value, p.uid, i.verified_at, i.created_at FROM identity i "
        f"JOIN person p ON p.id = i.person_id WHERE {_KEPT}",
        keys=0,
        times=(3, 4),
    ),
    Table(
        "words people are found by",
        f"SELECT w.word, p.uid FROM person_word w JOIN person p ON p.id = w.person_id WHERE {_KEPT}",
        keys=0,
    ),
    Table(
        "merges",
        "SELECT m.id, p.uid, g.uid, m.moved, m.reason, m.event_id, m.at, m.undone_at FROM merge m "
        f"JOIN person p ON p.id = m.kept_id JOIN person g ON g.id = m.merged_id WHERE {_KEPT} AND g.forgotten_at IS NULL",
        times=(6, 7),
        json=(3,),
    ),
    Table(
        "consents",
        "SELECT p.uid, c.channel, c.purpose, c.event_id, c.state, c.wording, c.language, c.source, c.evidence, c.at "
        f"FROM consent c JOIN person p ON p.id = c.person_id WHERE {_KEPT}",
        keys=4,
        times=(9,),
        json=(8,),
    ),
    Table(
        "orders",
        "SELECT o.source, o.order_id, o.line, p.uid, o.event_id, o.occurred_at, o.day, o.amount_minor, "
        "o.refunded_minor, o.unit, o.completed, o.cancelled, o.history, o.company, o.channel, o.margin_minor, "
        "o.offer_minor FROM purchase_order o "
        "LEFT JOIN person p ON p.id = o.person_id",
        keys=3,
        times=(5,),
        flags=(10, 11, 12),
    ),
    Table(
        "order lines",
        "SELECT o.source, o.order_id, o.line, l.line, p.uid, l.event_id, l.occurred_at, l.day, l.hour, l.product, "
        "l.category, l.quantity_milli, l.amount_minor, l.offer_minor FROM order_line l "
        "JOIN purchase_order o ON o.id = l.order_key LEFT JOIN person p ON p.id = l.person_id",
        keys=4,
        times=(6,),
    ),
    Table("order reports", "SELECT r.event_id, r.order_key, r.kind FROM order_report r"),
    Table(
        "occurrences",
        "SELECT p.uid, o.name, o.n, o.first_at, o.last_at FROM occurrence o JOIN person p ON p.id = o.person_id",
        keys=2,
        times=(3, 4),
    ),
    Table("visits", "SELECT p.uid, v.day FROM visit v JOIN person p ON p.id = v.person_id", keys=2),
    Table(
        "traits",
        "SELECT p.uid, t.visits_period, t.visits_ever, t.first_visit_day, t.last_visit_day, t.orders, "
        "t.first_order_at, t.last_order_at, t.spent_minor, t.refunds, t.complaints_open, t.unhappy, t.stage, "
        "t.stage_since_at FROM traits t JOIN person p ON p.id = t.person_id",
        times=(6, 7, 13),
        flags=(11,),
    ),
    Table(
        "own traits",
        "SELECT name, event, property, aggregate, type, window_days, defined_at, retired_at, event_id FROM own_trait",
        times=(6, 7),
    ),
    Table(
        "stage changes",
        "SELECT p.uid, s.event_id, s.before, s.after, s.at, s.reason FROM stage_change s "
        "JOIN person p ON p.id = s.person_id",
        keys=4,
        times=(4,),
        json=(5,),
    ),
    Table(
        "leads",
        "SELECT p.uid, l.source, l.since_at, l.confirmed_at, l.fit, l.sum_micro, l.at, l.score, l.temperature, "
        "l.temperature_since_at, l.became_customer_at, l.taken_by, l.taken_at, l.own FROM lead l "
        f"JOIN person p ON p.id = l.person_id WHERE {_KEPT}",
        times=(2, 3, 6, 9, 10, 12),
        json=(13,),
    ),
    Table(
        "lead changes",
        "SELECT p.uid, c.event_id, c.before, c.after, c.score, c.at, c.reason FROM lead_change c "
        f"JOIN person p ON p.id = c.person_id WHERE {_KEPT}",
        keys=4,
        times=(5,),
        json=(6,),
    ),
    Table(
        "relationships",
        "SELECT r.event_id, p.uid, o.uid, r.kind, r.source, r.at, r.until_at FROM relationship r "
        "JOIN person p ON p.id = r.person_id JOIN person o ON o.id = r.other_id",
        keys=4,
        times=(5, 6),
    ),
    Table(
        "groups",
        "SELECT key, id, names, kind, code, offers, products, places, interests, created_at, closed_at, event_id "
        "FROM people_group",
        times=(9, 10),
        json=(2, 5, 6, 7, 8),
    ),
    Table(
        "group members",
        "SELECT m.event_id, g.key, p.uid, m.role, m.source, m.from_at, m.until_at, m.ended_by_id FROM group_member m "
        f"JOIN people_group g ON g.id = m.group_id JOIN person p ON p.id = m.person_id WHERE {_KEPT}",
        keys=3,
        times=(5, 6),
    ),
    Table(
        "group suggestions",
        "SELECT s.id, s.key, s.kind, s.reason, s.members, s.state, g.key, s.at, s.changed_at, s.event_id "
        "FROM group_suggestion s LEFT JOIN people_group g ON g.id = s.group_id",
        times=(7, 8),
        json=(3, 4),
    ),
    Table(
        "segments",
        "SELECT id, key, names, rule, version, state, strategy, created_at, changed_at, gathered_at FROM segment",
        times=(7, 8, 9),
        json=(2, 3, 6),
    ),
    Table(
        "segment versions",
        "SELECT segment_id, number, rule, at, event_id FROM segment_version",
        keys=2,
        times=(3,),
        json=(2,),
    ),
    Table(
        "memberships",
        "SELECT m.event_id, m.segment_id, p.uid, m.from_at, m.until_at, m.end_event_id FROM membership m "
        "JOIN person p ON p.id = m.person_id",
        keys=3,
        times=(3, 4),
    ),
    Table(
        "pins",
        "SELECT n.event_id, n.segment_id, p.uid, n.state, n.reason, n.actor, n.at FROM pin n "
        "JOIN person p ON p.id = n.person_id",
        times=(6,),
    ),
    Table(
        "syncs",
        "SELECT id, segment_id, kind, content, target, every_hours, created_at, stopped_at, position, done_at, lines, "
        "failure FROM segment_sync",
        times=(6, 7, 9),
    ),
    Table("settings", "SELECT name, value, changed_at FROM setting", times=(2,), json=(1,)),
    Table(
        "programmes",
        "SELECT uid, kind, name, state, seed, version, created_at, launched_at FROM program",
        times=(6, 7),
    ),
    Table(
        "versions",
        "SELECT g.uid, v.number, v.terms, v.published_at, v.event_id FROM program_version v "
        "JOIN program g ON g.id = v.program_id",
        keys=2,
        times=(3,),
        json=(2,),
    ),
    Table(
        "budgets",
        "SELECT g.uid, b.unit, b.limit_amount, b.promised FROM budget b JOIN program g ON g.id = b.program_id",
        keys=2,
    ),
    Table(
        "assignments",
        "SELECT g.uid, p.uid, a.arm, a.at, a.event_id FROM assignment a JOIN program g ON g.id = a.program_id "
        f"JOIN person p ON p.id = a.person_id WHERE {_KEPT}",
        keys=2,
        times=(3,),
    ),
    Table(
        "codes",
        "SELECT c.value, g.uid, p.uid, c.version, c.destination, c.created_at, c.retired_at FROM code c "
        f"JOIN program g ON g.id = c.program_id JOIN person p ON p.id = c.person_id WHERE {_KEPT}",
        times=(5, 6),
    ),
    Table(
        "shares",
        "SELECT s.event_id, c.value, s.channel, s.at FROM share s JOIN code c ON c.id = s.code_id",
        times=(3,),
    ),
    Table(
        "clicks",
        "SELECT k.event_id, k.token, c.value, k.channel, k.at, p.uid FROM click k JOIN code c ON c.id = k.code_id "
        "LEFT JOIN person p ON p.id = k.person_id",
        times=(4,),
    ),
    Table(
        "referrals",
        "SELECT r.id, g.uid, r.version, a.uid, p.uid, c.value, r.state, r.reason, r.evidence, r.promised, r.opened_at, "
        "r.changed_at, r.event_id, o.source, o.order_id, o.line FROM referral r JOIN program g ON g.id = r.program_id "
        "JOIN person a ON a.id = r.advocate_id JOIN person p ON p.id = r.friend_id "
        "LEFT JOIN code c ON c.id = r.code_id LEFT JOIN purchase_order o ON o.id = r.order_id",
        times=(10, 11),
        json=(8, 9),
    ),
    Table(
        "decisions",
        "SELECT d.id, d.kind, p.uid, g.uid, d.outcome, d.reasons, d.subject, d.at, d.event_id FROM decision d "
        f"JOIN person p ON p.id = d.person_id LEFT JOIN program g ON g.id = d.program_id "
        f"WHERE {_KEPT} OR d.kind IN ('attribute', 'reward')",
        times=(7,),
        json=(5,),
    ),
    Table(
        "rewards",
        "SELECT g.uid, w.rule, p.uid, w.cause, w.version, w.referral_id, w.amount, w.unit, w.state, w.reason, w.held_at, "
        "w.due_at, w.settled_at FROM reward w JOIN program g ON g.id = w.program_id JOIN person p ON p.id = w.person_id",
        keys=4,
        times=(10, 11, 12),
    ),
    Table(
        "transfers",
        "SELECT t.key, t.kind, s.kind, s.owner_id, d.kind, d.owner_id, t.amount, t.unit, h.key, t.at, t.event_id "
        "FROM transfer t JOIN account s ON s.id = t.source_id JOIN account d ON d.id = t.target_id "
        "LEFT JOIN transfer h ON h.id = t.resolves_id",
        times=(9,),
    ),
    Table(
        "messages",
        "SELECT m.key, p.uid, m.channel, m.purpose, m.template, g.uid, m.context, m.event_id, m.planned_at, "
        "CASE WHEN m.state IN ('claimed', 'handing') THEN 'planned' ELSE m.state END FROM message m "
        f"JOIN person p ON p.id = m.person_id LEFT JOIN program g ON g.id = m.program_id WHERE {_KEPT}",
        times=(8,),
        json=(6,),
    ),
    Table(
        "deliveries",
        "SELECT d.event_id, m.key, d.outcome, d.detail, d.at FROM delivery d JOIN message m ON m.id = d.message_id "
        f"JOIN person p ON p.id = m.person_id WHERE {_KEPT}",
        times=(4,),
    ),
    Table(
        "suppressions",
        "SELECT s.channel, s.digest, s.reason, s.at, s.event_id FROM suppression s JOIN event e ON e.id = s.event_id "
        f"LEFT JOIN person p ON p.id = e.person_id WHERE {_KEPT}",
        keys=2,
        times=(3,),
    ),
    Table(
        "timers",
        "SELECT kind, subject, due_at, payload FROM timer WHERE kind <> 'ask'",
        keys=2,
        times=(2,),
        json=(3,),
    ),
)
