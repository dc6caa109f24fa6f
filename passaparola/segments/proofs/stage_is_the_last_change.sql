-- A person's stage is where the last change of it led. (Whoever was merged and came back starts from none, unsaid.)
SELECT t.person_id, COALESCE(s.after, 'none') AS expected, t.stage AS found
FROM traits t
JOIN person p ON p.id = t.person_id AND p.root_id = p.id
LEFT JOIN stage_change s ON s.id = (SELECT MAX(l.id) FROM stage_change l WHERE l.person_id = t.person_id)
WHERE t.stage <> COALESCE(s.after, 'none')
  AND NOT EXISTS (SELECT 1 FROM merge m WHERE m.merged_id = t.person_id AND m.undone_at IS NOT NULL)
