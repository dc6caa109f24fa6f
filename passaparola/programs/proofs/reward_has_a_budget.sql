-- Each reward that is held or confirmed counts in a budget of its programme and unit.
SELECT MIN(r.id) AS id, 'a budget in ' || r.unit AS expected, 'none' AS found
FROM reward r
LEFT JOIN budget b ON b.program_id = r.program_id AND b.unit = r.unit
WHERE r.state IN ('held', 'confirmed') AND b.id IS NULL
GROUP BY r.program_id, r.unit
