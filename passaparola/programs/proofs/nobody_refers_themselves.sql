-- Advocate and friend of an active referral are two people, also after merges.
SELECT r.id, 'two people' AS expected, 'person ' || f.root_id || ' twice' AS found
FROM referral r
JOIN person a ON a.id = r.advocate_id
JOIN person f ON f.id = r.friend_id
WHERE a.root_id = f.root_id AND r.state IN ('registered', 'qualified', 'converted', 'rewarded')
