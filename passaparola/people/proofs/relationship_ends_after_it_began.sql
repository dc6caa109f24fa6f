-- A relationship ends after it began, and is between two people.
SELECT r.id, 'two people, an end after the beginning' AS expected, r.kind AS found
FROM relationship r
WHERE r.until_at < r.at OR r.person_id = r.other_id
