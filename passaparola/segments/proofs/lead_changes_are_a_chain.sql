-- Each change of a lead begins where the one before it ended.
SELECT c.id, COALESCE(b.after, '') AS expected, c.before AS found
FROM lead_change c
LEFT JOIN lead_change b
  ON b.id = (SELECT MAX(o.id) FROM lead_change o WHERE o.person_id = c.person_id AND o.id < c.id)
WHERE c.before <> COALESCE(b.after, '') OR c.after = c.before
