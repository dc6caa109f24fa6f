-- What settles or undoes a reward resolves the transfer of that same reward that it follows.
SELECT t.id, CASE WHEN t.kind = 'reverse' THEN 'the confirm' ELSE 'the hold' END || ' of reward ' || t.reward_id AS expected,
       COALESCE('the ' || h.kind || ' of reward ' || h.reward_id, 'nothing') AS found
FROM transfer t
LEFT JOIN transfer h ON h.id = t.resolves_id
WHERE t.kind IN ('confirm', 'release', 'reverse')
  AND (h.id IS NULL OR h.reward_id IS NULL OR h.reward_id <> t.reward_id
    OR h.kind <> CASE WHEN t.kind = 'reverse' THEN 'confirm' ELSE 'hold' END)
