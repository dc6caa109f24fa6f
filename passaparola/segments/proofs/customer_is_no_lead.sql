-- Whoever has bought is a lead no more, and says since when.
SELECT l.person_id, 'no temperature, ' || CAST(t.first_order_at AS TEXT) AS expected,
       l.temperature || ', ' || COALESCE(CAST(l.became_customer_at AS TEXT), 'no date') AS found
FROM lead l
JOIN traits t ON t.person_id = l.person_id AND t.orders > 0
WHERE l.source <> '' AND (l.temperature <> '' OR l.became_customer_at IS NULL OR l.became_customer_at <> t.first_order_at)
