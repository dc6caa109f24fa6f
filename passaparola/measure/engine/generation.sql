-- How many advocates stand above a person, following each one's first accepted referral; a ring ends at 16.
WITH RECURSIVE first_one AS (
  SELECT friend_id, MIN(id) AS id FROM referral
  WHERE state IN ('registered', 'qualified', 'converted', 'rewarded')
  GROUP BY friend_id
), edge AS (
  SELECT r.friend_id AS friend, r.advocate_id AS advocate FROM referral AS r JOIN first_one AS f ON f.id = r.id
), up(person_id, above, depth) AS (
  SELECT friend, advocate, 1 FROM edge
  UNION ALL
  SELECT u.person_id, y.advocate, u.depth + 1 FROM up AS u JOIN edge AS y ON y.friend = u.above WHERE u.depth < 16
)
SELECT person_id, MAX(depth) AS generation FROM up GROUP BY person_id
