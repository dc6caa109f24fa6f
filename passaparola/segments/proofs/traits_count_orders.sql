-- The number of orders of a person is that of the completed orders of all their selves.
WITH counted AS (
  SELECT p.root_id, COUNT(*) AS n
  FROM purchase_order o
  JOIN person p ON p.id = o.person_id
  WHERE o.completed
  GROUP BY p.root_id
)
SELECT p.id, COALESCE(c.n, 0) AS expected, COALESCE(t.orders, 0) AS found
FROM person p
LEFT JOIN traits t ON t.person_id = p.id
LEFT JOIN counted c ON c.root_id = p.id
WHERE p.root_id = p.id AND COALESCE(t.orders, 0) <> COALESCE(c.n, 0)
