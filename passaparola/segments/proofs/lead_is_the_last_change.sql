-- How warm a lead is, is where the last change of it led.
SELECT l.person_id, COALESCE(c.after, '') AS expected, l.temperature AS found
FROM lead l
LEFT JOIN lead_change c ON c.id = (SELECT MAX(o.id) FROM lead_change o WHERE o.person_id = l.person_id)
WHERE l.temperature <> COALESCE(c.after, '')
