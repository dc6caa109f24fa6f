-- A referral is of a version of its programme that was published.
SELECT r.id, 'version ' || r.version || ' of programme ' || r.program_id AS expected, 'none' AS found
FROM referral r
LEFT JOIN program_version v ON v.program_id = r.program_id AND v.number = r.version AND v.number > 0
WHERE v.id IS NULL
