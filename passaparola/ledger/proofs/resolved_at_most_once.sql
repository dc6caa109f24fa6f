-- A transfer is resolved at most once.
SELECT resolves_id AS id, 1 AS expected, COUNT(*) AS found
FROM transfer
WHERE resolves_id IS NOT NULL
GROUP BY resolves_id
HAVING COUNT(*) > 1
