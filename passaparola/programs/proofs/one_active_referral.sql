-- A friend, under whatever name, has at most one active referral in a programme.
SELECT MAX(r.id) AS id, 1 AS expected, COUNT(*) AS found
FROM referral r
JOIN person p ON p.id = r.friend_id
WHERE r.state IN ('registered', 'qualified', 'converted', 'rewarded')
GROUP BY r.program_id, p.root_id
HAVING COUNT(*) > 1
