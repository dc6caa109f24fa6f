-- The next local day on which somebody's visits or purchases in the observation period may be different; a later fact counts
-- from its own day on.
SELECT person_id, MIN(visit_day) AS visit_day, MIN(order_day) AS order_day
FROM (
  SELECT
    p.root_id AS person_id, MIN(CASE WHEN v.day > today THEN v.day ELSE v.day + period_days END) AS visit_day,
    CAST(NULL AS INTEGER) AS order_day
  FROM person AS p
  JOIN visit AS v ON v.person_id = p.id
  WHERE {people} AND v.day > today - period_days
  GROUP BY p.root_id
  UNION ALL
  SELECT p.root_id, NULL, MIN(CASE WHEN o.day > today THEN o.day ELSE o.day + period_days END)
  FROM person AS p
  JOIN purchase_order AS o ON o.person_id = p.id
  WHERE {people} AND o.completed AND o.day > today - period_days
  GROUP BY p.root_id
) AS counted
GROUP BY person_id
