-- A converted or rewarded referral names the completed order of the friend that converted it.
SELECT r.id, 'an order of person ' || f.root_id AS expected,
       CASE WHEN o.id IS NULL THEN 'no order' WHEN NOT o.completed THEN 'an order never completed'
            ELSE 'an order of person ' || COALESCE(b.root_id, 0) END AS found
FROM referral r
JOIN person f ON f.id = r.friend_id
LEFT JOIN purchase_order o ON o.id = r.order_id
LEFT JOIN person b ON b.id = o.person_id
WHERE r.state IN ('converted', 'rewarded') AND (o.id IS NULL OR NOT o.completed OR b.root_id IS NULL OR b.root_id <> f.root_id)
