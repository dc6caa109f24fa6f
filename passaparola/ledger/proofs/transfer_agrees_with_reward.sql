-- Every transfer of a reward moves the whole of it, in its unit; holds and settlements always belong to a reward.
SELECT t.id, COALESCE(r.amount || ' ' || r.unit, 'a reward') AS expected, t.amount || ' ' || t.unit AS found
FROM transfer t
LEFT JOIN reward r ON r.id = t.reward_id
WHERE (t.reward_id IS NOT NULL OR t.kind IN ('hold', 'confirm', 'release', 'reverse'))
  AND (r.id IS NULL OR t.amount <> r.amount OR t.unit <> r.unit)
