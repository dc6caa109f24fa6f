-- Every ask written follows the decision to ask that person, taken at the same event.
SELECT m.id, 'a decision to ask person ' || m.person_id AS expected, 'none' AS found
FROM message m
WHERE m.template = 'ask'
  AND NOT EXISTS (
    SELECT 1
    FROM decision d
    WHERE d.person_id = m.person_id AND d.program_id = m.program_id AND d.event_id = m.event_id
      AND d.kind = 'ask' AND d.outcome = 'asked'
  )
