-- The days on which a person came are those of their orders and visits in the log.
WITH logged AS (
  SELECT p.root_id, e.day
  FROM event e
  JOIN person p ON p.id = e.person_id
  WHERE e.name IN ('Order Completed', 'Visit Recorded') AND e.type <> 'act' AND e.result NOT LIKE '%"repeated_order"%'
), counted AS (
  SELECT p.root_id, v.day FROM visit v JOIN person p ON p.id = v.person_id
), extra AS (
  SELECT root_id, day FROM counted EXCEPT SELECT root_id, day FROM logged
), missing AS (
  SELECT root_id, day FROM logged EXCEPT SELECT root_id, day FROM counted
)
SELECT root_id AS id, 'nothing on day ' || day AS expected, 'a visit' AS found FROM extra
UNION ALL
SELECT root_id, 'a visit on day ' || day, 'none' FROM missing
