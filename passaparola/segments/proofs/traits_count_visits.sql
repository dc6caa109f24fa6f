-- Visits ever, the first and the last are those of the different days on which any self of the person came.
WITH counted AS (
  SELECT p.root_id, COUNT(DISTINCT v.day) AS n, MIN(v.day) AS first_day, MAX(v.day) AS last_day
  FROM visit v
  JOIN person p ON p.id = v.person_id
  GROUP BY p.root_id
)
SELECT p.id, COALESCE(c.n, 0) AS expected, COALESCE(t.visits_ever, 0) AS found
FROM person p
LEFT JOIN traits t ON t.person_id = p.id
LEFT JOIN counted c ON c.root_id = p.id
WHERE p.root_id = p.id
  AND (COALESCE(t.visits_ever, 0) <> COALESCE(c.n, 0)
    OR COALESCE(t.first_visit_day, -1) <> COALESCE(c.first_day, -1)
    OR COALESCE(t.last_visit_day, -1) <> COALESCE(c.last_day, -1))
