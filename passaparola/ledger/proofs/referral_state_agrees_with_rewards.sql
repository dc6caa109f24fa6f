-- Converted referrals hold their rewards, rewarded ones have them confirmed, all others hold and keep none.
WITH counted AS (
  SELECT referral_id,
         SUM(CASE WHEN state = 'held' THEN 1 ELSE 0 END) AS held,
         SUM(CASE WHEN state = 'confirmed' THEN 1 ELSE 0 END) AS confirmed
  FROM reward
  GROUP BY referral_id
)
SELECT r.id, CASE WHEN r.state = 'rewarded' THEN 'all confirmed' WHEN r.state = 'converted' THEN 'none confirmed'
                  ELSE 'none held or confirmed' END || ' (' || r.state || ')' AS expected,
       c.held || ' held, ' || c.confirmed || ' confirmed' AS found
FROM referral r
JOIN counted c ON c.referral_id = r.id
WHERE (r.state = 'rewarded' AND (c.held > 0 OR c.confirmed = 0))
   OR (r.state = 'converted' AND c.confirmed > 0)
   OR (r.state NOT IN ('converted', 'rewarded') AND c.held + c.confirmed > 0)
