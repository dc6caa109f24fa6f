-- Corridor transactions follow one another: a later event was never consumed by an earlier batch.
WITH ordered AS (SELECT id, batch, LAG(batch) OVER (ORDER BY id) AS before FROM event)
SELECT id, before AS expected, batch AS found
FROM ordered
WHERE batch < before
