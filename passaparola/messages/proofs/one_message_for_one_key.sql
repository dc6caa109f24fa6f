-- There is one message for one cause.
SELECT MAX(id) AS id, 1 AS expected, COUNT(*) AS found
FROM message
GROUP BY key
HAVING COUNT(*) > 1
