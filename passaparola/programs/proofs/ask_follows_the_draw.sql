-- Whoever was asked had been drawn into the asked arm before. (Selves since taken apart again are left out.)
SELECT d.id, 'drawn into the asked arm before' AS expected, 'not drawn' AS found
FROM decision d
JOIN person p ON p.id = d.person_id
WHERE d.kind = 'ask' AND d.outcome = 'asked'
  AND NOT EXISTS (
    SELECT 1
    FROM person self
    JOIN assignment a ON a.person_id = self.id
    WHERE self.root_id = p.root_id AND a.program_id = d.program_id AND a.arm = 'asked' AND a.event_id <= d.event_id
  )
  AND NOT EXISTS (SELECT 1 FROM merge m WHERE m.undone_at IS NOT NULL AND d.person_id IN (m.kept_id, m.merged_id))
