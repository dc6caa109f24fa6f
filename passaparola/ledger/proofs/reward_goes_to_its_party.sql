-- The advocate's reward goes to the advocate of the referral, the friend's to the friend, under its terms' version.
SELECT w.id, w.rule || ' of referral ' || r.id || ', version ' || r.version AS expected,
       'person ' || w.person_id || ', version ' || w.version AS found
FROM reward w
JOIN referral r ON r.id = w.referral_id
JOIN person p ON p.id = w.person_id
JOIN person party ON party.id = CASE w.rule WHEN 'advocate' THEN r.advocate_id ELSE r.friend_id END
WHERE w.rule NOT IN ('advocate', 'friend') OR w.program_id <> r.program_id OR w.version <> r.version
   -- What was promised while two were held to be one stays where it went when they are taken apart again.
   OR (p.root_id <> party.root_id AND NOT EXISTS (
     SELECT 1
     FROM merge m
     WHERE m.undone_at IS NOT NULL
       AND (m.kept_id IN (w.person_id, p.root_id, party.id, party.root_id)
         OR m.merged_id IN (w.person_id, p.root_id, party.id, party.root_id))
   ))
