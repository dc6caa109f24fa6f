-- The state of a reward is what its transfers made of it.
WITH moved AS (
  SELECT reward_id,
         MAX(CASE WHEN kind = 'reverse' THEN 3 WHEN kind = 'release' THEN 2 WHEN kind = 'confirm' THEN 1 ELSE 0 END) AS step
  FROM transfer
  WHERE reward_id IS NOT NULL
  GROUP BY reward_id
), derived AS (
  SELECT reward_id,
         CASE step WHEN 3 THEN 'reversed' WHEN 2 THEN 'released' WHEN 1 THEN 'confirmed' ELSE 'held' END AS state
  FROM moved
)
SELECT r.id, COALESCE(d.state, 'no transfer') AS expected, r.state AS found
FROM reward r
LEFT JOIN derived d ON d.reward_id = r.id
WHERE d.state IS NULL OR d.state <> r.state
