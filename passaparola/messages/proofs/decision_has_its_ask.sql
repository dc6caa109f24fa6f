-- Every decision to ask led to a message.
SELECT d.id, 'an ask to person ' || d.person_id AS expected, 'none' AS found
FROM decision d
WHERE d.kind = 'ask' AND d.outcome = 'asked'
  AND NOT EXISTS (
    SELECT 1
    FROM message m
    WHERE m.person_id = d.person_id AND m.program_id = d.program_id AND m.event_id = d.event_id AND m.template = 'ask'
  )
