-- The next local day on which somebody's visits or purchases in the observation period may be different.
SELECT
  person_id,
  MIN(CASE WHEN day > today THEN day ELSE day + period_days END) AS visit_day,
  MIN(CASE WHEN name = 'Order Completed' THEN CASE WHEN day > today THEN day ELSE day + period_days END END) AS order_day
FROM fact
WHERE line = 0 AND name IN ('Order Completed', 'Visit Recorded') AND day > today - period_days
GROUP BY person_id
