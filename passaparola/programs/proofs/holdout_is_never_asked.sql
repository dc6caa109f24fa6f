-- Nobody drawn into the holdout was asked afterwards. (Where two selves were drawn, the earlier draw holds.)
SELECT d.id, 'never asked' AS expected, 'asked' AS found
FROM decision d
JOIN assignment a ON a.program_id = d.program_id AND a.person_id = d.person_id AND a.event_id <= d.event_id
JOIN person p ON p.id = d.person_id
WHERE d.kind = 'ask' AND d.outcome = 'asked' AND a.arm = 'holdout'
  AND NOT EXISTS (
    SELECT 1
    FROM person self
    JOIN assignment earlier ON earlier.person_id = self.id
    WHERE self.root_id = p.root_id AND earlier.program_id = a.program_id AND earlier.id < a.id AND earlier.arm = 'asked'
  )
