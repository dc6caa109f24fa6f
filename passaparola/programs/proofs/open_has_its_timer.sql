-- Every referral that waits for an order has the timer that will end its window.
SELECT r.id, 'a timer' AS expected, 'none' AS found
FROM referral r
LEFT JOIN timer t ON t.kind = 'window' AND t.subject = 'referral:' || r.id
WHERE r.state IN ('registered', 'qualified') AND t.id IS NULL
