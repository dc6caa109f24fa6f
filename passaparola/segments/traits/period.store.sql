-- What falls into the observation period, on SQLite and PostgreSQL: visits are days, as stages count them.
SELECT person_id, SUM(visits) AS visits, SUM(purchases) AS purchases, SUM(spent_minor) AS spent_minor
FROM (
  SELECT p.root_id AS person_id, COUNT(DISTINCT v.day) AS visits, 0 AS purchases, 0 AS spent_minor
  FROM person AS p
  JOIN visit AS v ON v.person_id = p.id
  WHERE {people} AND v.day > today - period_days AND v.day <= today
  GROUP BY p.root_id
  UNION ALL
  SELECT
    p.root_id, 0, COUNT(*),
    SUM(
      CASE WHEN o.unit <> {currency} OR o.cancelled OR o.refunded_minor > o.amount_minor THEN 0
        ELSE o.amount_minor - o.refunded_minor
      END
    )
  FROM person AS p
  JOIN purchase_order AS o ON o.person_id = p.id
  WHERE {people} AND o.completed AND o.day > today - period_days AND o.day <= today
  GROUP BY p.root_id
) AS counted
GROUP BY person_id
