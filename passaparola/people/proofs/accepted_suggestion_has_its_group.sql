-- A suggestion that was accepted made a group, and no other did.
SELECT s.id, s.state AS expected, COALESCE(CAST(g.id AS TEXT), 'no group') AS found
FROM group_suggestion s
LEFT JOIN people_group g ON g.id = s.group_id
WHERE (s.state = 'accepted') <> (g.id IS NOT NULL)
