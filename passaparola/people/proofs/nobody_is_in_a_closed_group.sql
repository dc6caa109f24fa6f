-- Whoever is in a group is in one that is open.
SELECT m.id, 'an open group' AS expected, 'group ' || g.id || ' is closed' AS found
FROM group_member m
JOIN people_group g ON g.id = m.group_id
WHERE m.until_at IS NULL AND g.closed_at IS NOT NULL
