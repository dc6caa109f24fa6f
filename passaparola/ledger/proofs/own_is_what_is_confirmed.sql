-- What rewards brought into a person's own account is the sum of their confirmed rewards of that unit.
WITH moved AS (
  SELECT target_id AS account_id, amount FROM transfer WHERE reward_id IS NOT NULL
  UNION ALL
  SELECT source_id, -amount FROM transfer WHERE reward_id IS NOT NULL
), balance AS (
  SELECT account_id, SUM(amount) AS amount FROM moved GROUP BY account_id
), confirmed AS (
  SELECT person_id, unit, SUM(amount) AS amount FROM reward WHERE state = 'confirmed' GROUP BY person_id, unit
)
SELECT a.id, COALESCE(c.amount, 0) AS expected, COALESCE(b.amount, 0) AS found
FROM account a
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN confirmed c ON c.person_id = a.owner_id AND c.unit = a.unit
WHERE a.kind = 'own' AND COALESCE(b.amount, 0) <> COALESCE(c.amount, 0)
