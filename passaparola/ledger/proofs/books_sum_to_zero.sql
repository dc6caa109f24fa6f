-- Over all accounts of a unit, what came in is what went out.
WITH moved AS (
  SELECT target_id AS account_id, amount FROM transfer
  UNION ALL
  SELECT source_id, -amount FROM transfer
)
SELECT MIN(a.id) AS id, 0 AS expected, SUM(m.amount) AS found
FROM account a
JOIN moved m ON m.account_id = a.id
GROUP BY a.unit
HAVING SUM(m.amount) <> 0
