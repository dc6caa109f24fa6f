-- The number of times a person did a thing is the number of their events of that name, repeated orders left out.
WITH counted AS (
  SELECT person_id, name, COUNT(*) AS n, MIN(occurred_at) AS first_at, MAX(occurred_at) AS last_at
  FROM event
  WHERE type = 'track' AND person_id IS NOT NULL AND result NOT LIKE '%"repeated_order"%'
  GROUP BY person_id, name
)
SELECT o.id, COALESCE(c.n, 0) AS expected, o.n AS found
FROM occurrence o
LEFT JOIN counted c ON c.person_id = o.person_id AND c.name = o.name
WHERE o.n <> COALESCE(c.n, 0) OR o.first_at <> c.first_at OR o.last_at <> c.last_at
