-- Every reward on hold has the timer that will settle it.
SELECT r.id, 'a timer for referral ' || r.referral_id AS expected, 'none' AS found
FROM reward r
LEFT JOIN timer t ON t.kind = 'hold' AND t.subject = 'referral:' || r.referral_id
WHERE r.state = 'held' AND t.id IS NULL
