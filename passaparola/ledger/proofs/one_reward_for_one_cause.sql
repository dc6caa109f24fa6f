-- One cause earns one person one reward by a rule of a programme, and a referral at most one a rule.
SELECT MAX(id) AS id, 1 AS expected, COUNT(*) AS found
FROM reward
GROUP BY program_id, rule, person_id, cause
HAVING COUNT(*) > 1
UNION ALL
SELECT MAX(id), 1, COUNT(*)
FROM reward
WHERE state IN ('held', 'confirmed')
GROUP BY referral_id, rule
HAVING COUNT(*) > 1
