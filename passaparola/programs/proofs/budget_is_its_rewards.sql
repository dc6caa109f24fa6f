-- What a budget has promised is the sum of the programme's held and confirmed rewards of that unit.
WITH summed AS (
  SELECT program_id, unit, SUM(amount) AS amount
  FROM reward
  WHERE state IN ('held', 'confirmed')
  GROUP BY program_id, unit
)
SELECT b.id, COALESCE(s.amount, 0) AS expected, b.promised AS found
FROM budget b
LEFT JOIN summed s ON s.program_id = b.program_id AND s.unit = b.unit
WHERE b.promised <> COALESCE(s.amount, 0)
