-- What falls into the observation period, from the facts: visits are days, as stages count them.
SELECT
  f.person_id AS person_id,
  COUNT(DISTINCT day) AS visits,
  SUM(CASE WHEN name = 'Order Completed' THEN 1 ELSE 0 END) AS purchases,
  SUM(CASE WHEN name = 'Order Completed' THEN amount_minor - COALESCE(back_minor, 0) ELSE 0 END) AS spent_minor
FROM fact AS f
LEFT JOIN refund AS r ON r.order_key = f.order_key
WHERE line = 0 AND name IN ('Order Completed', 'Visit Recorded') AND day > today - period_days AND day <= today
GROUP BY f.person_id
