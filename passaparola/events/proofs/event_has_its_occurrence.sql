-- Everything that people do is counted.
SELECT MIN(e.id) AS id, 'an occurrence' AS expected, 'none' AS found
FROM event e
LEFT JOIN occurrence o ON o.person_id = e.person_id AND o.name = e.name
WHERE e.type = 'track' AND e.person_id IS NOT NULL AND e.result NOT LIKE '%"repeated_order"%' AND o.id IS NULL
GROUP BY e.person_id, e.name
