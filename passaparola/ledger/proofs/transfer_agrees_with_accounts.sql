-- A transfer is of the unit of both its accounts, which are two.
SELECT t.id, t.unit AS expected, COALESCE(s.unit, 'no account') || ' to ' || COALESCE(d.unit, 'no account') AS found
FROM transfer t
LEFT JOIN account s ON s.id = t.source_id
LEFT JOIN account d ON d.id = t.target_id
WHERE s.id IS NULL OR d.id IS NULL OR s.unit <> t.unit OR d.unit <> t.unit OR t.source_id = t.target_id OR t.amount <= 0
