-- A reward is confirmed or released at most once, and reversed at most once, after it was confirmed.
WITH counted AS (
  SELECT reward_id,
         SUM(CASE WHEN kind IN ('confirm', 'release') THEN 1 ELSE 0 END) AS settled,
         SUM(CASE WHEN kind = 'confirm' THEN 1 ELSE 0 END) AS confirmed,
         SUM(CASE WHEN kind = 'reverse' THEN 1 ELSE 0 END) AS reversed
  FROM transfer
  WHERE reward_id IS NOT NULL
  GROUP BY reward_id
)
SELECT reward_id AS id, 'settled at most once, reversed at most once after confirming' AS expected,
       'settled ' || settled || ' times, confirmed ' || confirmed || ', reversed ' || reversed AS found
FROM counted
WHERE settled > 1 OR reversed > confirmed
