-- What a person spent is the sum of the completed orders of all their selves, less what was given back.
WITH counted AS (
  SELECT p.root_id, SUM(CASE WHEN o.unit <> {currency} OR o.cancelled OR o.refunded_minor > o.amount_minor THEN 0
                             ELSE o.amount_minor - o.refunded_minor END) AS net
  FROM purchase_order o
  JOIN person p ON p.id = o.person_id
  WHERE o.completed
  GROUP BY p.root_id
)
SELECT p.id, COALESCE(c.net, 0) AS expected, COALESCE(t.spent_minor, 0) AS found
FROM person p
LEFT JOIN traits t ON t.person_id = p.id
LEFT JOIN counted c ON c.root_id = p.id
WHERE p.root_id = p.id AND COALESCE(t.spent_minor, 0) <> COALESCE(c.net, 0)
