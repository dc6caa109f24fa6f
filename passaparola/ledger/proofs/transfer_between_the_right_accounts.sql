-- A hold goes from the programme to the person's pending account, a confirmation on to their own, and back by the same way.
WITH way AS (
  SELECT t.id, t.kind, s.kind || ' ' || s.owner_id || ' to ' || d.kind || ' ' || d.owner_id AS found,
         CASE t.kind
           WHEN 'hold' THEN 'program ' || r.program_id || ' to pending ' || r.person_id
           WHEN 'confirm' THEN 'pending ' || r.person_id || ' to own ' || r.person_id
           WHEN 'release' THEN 'pending ' || r.person_id || ' to program ' || r.program_id
           WHEN 'reverse' THEN 'own ' || r.person_id || ' to program ' || r.program_id
           ELSE s.kind || ' ' || s.owner_id || ' to ' || d.kind || ' ' || d.owner_id
         END AS expected
  FROM transfer t
  JOIN reward r ON r.id = t.reward_id
  JOIN account s ON s.id = t.source_id
  JOIN account d ON d.id = t.target_id
)
SELECT id, expected, found
FROM way
WHERE expected <> found
