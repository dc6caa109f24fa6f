-- Friends a person brought, each counted once, and whether she was brought herself.
SELECT person_id, SUM(registered) AS registered, SUM(converted) AS converted, SUM(came) AS came
FROM (
  SELECT
    advocate_id AS person_id, COUNT(DISTINCT friend_id) AS registered,
    COUNT(DISTINCT CASE WHEN state IN ('converted', 'rewarded') THEN friend_id END) AS converted, 0 AS came
  FROM referral
  WHERE state IN ('registered', 'qualified', 'converted', 'rewarded')
  GROUP BY advocate_id
  UNION ALL
  SELECT friend_id, 0, 0, 1
  FROM referral
  WHERE state IN ('registered', 'qualified', 'converted', 'rewarded')
  GROUP BY friend_id
) AS counted
GROUP BY person_id
