-- A referral whose order was given back as a whole is neither converted nor rewarded.
SELECT r.id, 'reversed' AS expected, r.state AS found
FROM referral r
JOIN purchase_order o ON o.id = r.order_id
WHERE r.state IN ('converted', 'rewarded')
  AND (o.cancelled OR (o.refunded_minor > 0 AND o.refunded_minor >= o.amount_minor))
