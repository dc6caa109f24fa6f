-- A budget is never overspent.
SELECT id, limit_amount AS expected, promised AS found
FROM budget
WHERE promised > limit_amount OR promised < 0
