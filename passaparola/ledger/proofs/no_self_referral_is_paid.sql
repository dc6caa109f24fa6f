-- Nobody holds or keeps a reward for having referred themselves.
SELECT w.id, 'no reward' AS expected, w.state AS found
FROM reward w
JOIN referral r ON r.id = w.referral_id
JOIN person a ON a.id = r.advocate_id
JOIN person f ON f.id = r.friend_id
WHERE a.root_id = f.root_id AND w.state IN ('held', 'confirmed')
