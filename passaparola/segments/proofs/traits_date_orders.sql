-- First and last order of a person are those of the completed orders of all their selves.
WITH counted AS (
  SELECT p.root_id, MIN(o.occurred_at) AS first_at, MAX(o.occurred_at) AS last_at
  FROM purchase_order o
  JOIN person p ON p.id = o.person_id
  WHERE o.completed
  GROUP BY p.root_id
)
SELECT c.root_id, c.first_at || ' to ' || c.last_at AS expected,
       COALESCE(t.first_order_at || ' to ' || t.last_order_at, 'none') AS found
FROM counted c
LEFT JOIN traits t ON t.person_id = c.root_id
WHERE t.first_order_at IS NULL OR t.first_order_at <> c.first_at OR t.last_order_at <> c.last_at
