-- The balance of a pending account is the sum of its owner's held rewards of that unit.
WITH moved AS (
  SELECT target_id AS account_id, amount FROM transfer
  UNION ALL
  SELECT source_id, -amount FROM transfer
), balance AS (
  SELECT account_id, SUM(amount) AS amount FROM moved GROUP BY account_id
), held AS (
  SELECT person_id, unit, SUM(amount) AS amount FROM reward WHERE state = 'held' GROUP BY person_id, unit
)
SELECT a.id, COALESCE(h.amount, 0) AS expected, COALESCE(b.amount, 0) AS found
FROM account a
LEFT JOIN balance b ON b.account_id = a.id
LEFT JOIN held h ON h.person_id = a.owner_id AND h.unit = a.unit
WHERE a.kind = 'pending' AND COALESCE(b.amount, 0) <> COALESCE(h.amount, 0)
