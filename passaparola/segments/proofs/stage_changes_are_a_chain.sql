-- Each change of stage starts where the one before it ended.
WITH chained AS (
  SELECT id, person_id, before, after, LAG(after, 1, 'none') OVER (PARTITION BY person_id ORDER BY id) AS earlier
  FROM stage_change
)
SELECT c.id, c.earlier AS expected, c.before AS found
FROM chained c
WHERE (c.before <> c.earlier OR c.before = c.after)
  AND NOT EXISTS (SELECT 1 FROM merge m WHERE m.merged_id = c.person_id)
