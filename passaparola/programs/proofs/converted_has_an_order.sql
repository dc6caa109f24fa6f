-- A converted or rewarded referral names the completed order of the friend that converted it.
-- Excused: friend or buyer took part in a merge that was undone. What was converted while two were one stays as it was
-- (the list of who moved is searched as text, so a longer number that holds a shorter one excuses too much, never too little).
SELECT r.id, 'an order of person ' || f.root_id AS expected,
       CASE WHEN o.id IS NULL THEN 'no order' WHEN NOT o.completed THEN 'an order never completed'
            ELSE 'an order of person ' || COALESCE(b.root_id, 0) END AS found
FROM referral r
JOIN person f ON f.id = r.friend_id
LEFT JOIN purchase_order o ON o.id = r.order_id
LEFT JOIN person b ON b.id = o.person_id
WHERE r.state IN ('converted', 'rewarded')
  AND (o.id IS NULL OR NOT o.completed OR b.root_id IS NULL
       OR (b.root_id <> f.root_id AND NOT EXISTS (
            SELECT 1 FROM merge m
            WHERE m.undone_at IS NOT NULL
              AND (m.kept_id IN (f.id, b.id) OR CAST(m.moved AS text) LIKE '%' || f.id || '%'
                   OR CAST(m.moved AS text) LIKE '%' || b.id || '%'))))
