-- Who is in a group joined it by an event that says so, and who left it left by one.
SELECT m.id, 'joining, then leaving' AS expected, b.name || ', ' || COALESCE(e.name, 'still in') AS found
FROM group_member m
JOIN event b ON b.id = m.event_id
LEFT JOIN event e ON e.id = m.ended_by_id
WHERE NOT (b.type = 'group' OR b.name IN ('Group Joined', 'Group Suggestion Accepted'))
   OR (m.until_at IS NULL) <> (e.id IS NULL)
   OR e.name NOT IN ('Group Left', 'Group Closed', 'Person Forgotten')
   OR m.until_at < m.from_at
