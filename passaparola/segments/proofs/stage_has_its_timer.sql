-- Every stage above none has the timer at which it may fall.
SELECT s.person_id, 'a timer' AS expected, 'none' AS found
FROM traits s
JOIN person p ON p.id = s.person_id AND p.root_id = p.id
LEFT JOIN timer t ON t.kind = 'stage' AND t.subject = 'person:' || s.person_id
WHERE s.stage <> 'none' AND t.id IS NULL
