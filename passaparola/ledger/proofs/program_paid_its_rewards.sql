-- What rewards took out of a programme's account is the sum of its held and confirmed rewards of that unit.
WITH moved AS (
  SELECT target_id AS account_id, amount FROM transfer WHERE reward_id IS NOT NULL
  UNION ALL
  SELECT source_id, -amount FROM transfer WHERE reward_id IS NOT NULL
), balance AS (
  SELECT account_id, SUM(amount) AS amount FROM moved GROUP BY account_id
), owed AS (
  SELECT program_id, unit, SUM(amount) AS amount
  FROM reward
  WHERE state IN ('held', 'confirmed')
  GROUP BY program_id, unit
)
SELECT a.id, -COALESCE(o.amount, 0) AS expected, COALESCE(b.amount, 0) AS found
FROM account a
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN owed o ON o.program_id = a.owner_id AND o.unit = a.unit
WHERE a.kind = 'program' AND COALESCE(b.amount, 0) <> -COALESCE(o.amount, 0)
