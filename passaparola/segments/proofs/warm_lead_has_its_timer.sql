-- Every warm or hot lead has the timer at which it cools.
SELECT l.person_id, 'a timer' AS expected, 'none' AS found
FROM lead l
LEFT JOIN timer t ON t.kind = 'lead' AND t.subject = 'person:' || l.person_id
WHERE l.temperature IN ('warm', 'hot') AND t.id IS NULL
