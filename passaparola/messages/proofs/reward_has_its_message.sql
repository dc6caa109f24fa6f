-- Of each reward its person is told once that it is held, and once what became of it.
WITH named AS MATERIALIZED (
  SELECT id, 'reward_held:' || id AS key FROM reward
  UNION ALL
  SELECT id, 'reward_paid:' || id FROM reward WHERE state IN ('confirmed', 'reversed')
  UNION ALL
  SELECT id, 'reward_reversed:' || id FROM reward WHERE state IN ('released', 'reversed')
)
SELECT n.id, n.key AS expected, 'no such message' AS found
FROM named n
LEFT JOIN message m ON m.key = n.key
WHERE m.id IS NULL
