-- Friends a person brought, each counted once, and whether she was brought herself; on SQLite and PostgreSQL.
SELECT person_id, SUM(registered) AS registered, SUM(converted) AS converted, SUM(came) AS came
FROM (
  SELECT
    p.root_id AS person_id, COUNT(DISTINCT f.root_id) AS registered,
    COUNT(DISTINCT CASE WHEN r.state IN ('converted', 'rewarded') THEN f.root_id END) AS converted, 0 AS came
  FROM person AS p
  JOIN referral AS r ON r.advocate_id = p.id
  JOIN person AS f ON f.id = r.friend_id
  WHERE {people} AND r.state IN ('registered', 'qualified', 'converted', 'rewarded')
  GROUP BY p.root_id
  UNION ALL
  SELECT p.root_id, 0, 0, 1
  FROM person AS p
  JOIN referral AS r ON r.friend_id = p.id
  WHERE {people} AND r.state IN ('registered', 'qualified', 'converted', 'rewarded')
  GROUP BY p.root_id
) AS counted
GROUP BY person_id
