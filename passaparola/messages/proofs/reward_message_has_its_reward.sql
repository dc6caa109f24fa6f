-- A message about a reward is about one that is there, written to whom it belongs, in the state it speaks of or past it.
WITH named AS MATERIALIZED (
  SELECT CAST(w.id AS text) AS name, w.state, w.person_id, p.root_id FROM reward w JOIN person p ON p.id = w.person_id
), about AS (
  SELECT m.id, m.template, SUBSTR(m.key, LENGTH(m.template) + 2) AS name, p.root_id
  FROM message m
  JOIN person p ON p.id = m.person_id
  WHERE m.template IN ('reward_held', 'reward_paid', 'reward_reversed')
)
SELECT a.id, a.template || ' of reward ' || a.name AS expected,
       COALESCE(n.state || ', person ' || n.person_id, 'no reward') AS found
FROM about a
LEFT JOIN named n ON n.name = a.name
WHERE n.name IS NULL OR n.root_id <> a.root_id
   OR (a.template = 'reward_paid' AND n.state NOT IN ('confirmed', 'reversed'))
   OR (a.template = 'reward_reversed' AND n.state NOT IN ('released', 'reversed'))
