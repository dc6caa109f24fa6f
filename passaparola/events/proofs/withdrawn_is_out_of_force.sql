-- An event is in force or withdrawn, never both.
SELECT w.id, 'withdrawn' AS expected, 'in force too' AS found
FROM withdrawn_event w
JOIN event e ON e.id = w.id
