-- Each reward was put on hold exactly once.
SELECT r.id, 1 AS expected, COUNT(t.id) AS found
FROM reward r
LEFT JOIN transfer t ON t.reward_id = r.id AND t.kind = 'hold'
GROUP BY r.id
HAVING COUNT(t.id) <> 1
