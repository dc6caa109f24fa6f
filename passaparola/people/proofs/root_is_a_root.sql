-- Everybody's root is a person who is their own root, so that one step finds it.
SELECT p.id, 'a root' AS expected, CASE WHEN r.id IS NULL THEN 'nobody' ELSE 'a person whose root is another' END AS found
FROM person p
LEFT JOIN person r ON r.id = p.root_id
WHERE r.id IS NULL OR r.root_id <> r.id
