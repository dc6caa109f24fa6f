-- The relations member, fact, refund on SQLite, for the people of one list parameter (their roots), or everybody.
-- Times become microseconds since 1970 UTC here and nowhere else. {people}, {names} and {currency}, in which
-- alone amounts are facts, are filled in by store.py.
member AS MATERIALIZED (
  SELECT id, root_id AS person_id FROM person WHERE {people}
), fact AS MATERIALIZED (
  SELECT
    m.person_id AS person_id, e.id AS event_id, 0 AS line,
    CAST(strftime('%s', substr(e.occurred_at, 1, 19)) AS INTEGER) * 1000000
      + CAST(substr(e.occurred_at || '.000000', 21, 6) AS INTEGER) AS at_us,
    e.day AS day, e.hour AS hour,
    CASE e.type WHEN 'page' THEN 'Page Viewed' WHEN 'screen' THEN 'Screen Viewed' ELSE e.name END AS name,
    NULL AS product, NULL AS category, NULL AS quantity_milli,
    CASE WHEN o.unit = {currency} THEN o.amount_minor END AS amount_minor,
    o.offer_minor AS offer_minor, o.margin_minor AS margin_minor,
    CASE WHEN e.name = 'Visit Recorded' THEN json_extract(e.result, '$.company') ELSE o.company END AS company,
    o.channel AS channel, o.id AS order_key, e.properties AS props,
    CASE
      WHEN e.name NOT IN ('Score Given', 'Review Given') OR instr(e.properties, '\u0000') > 0 THEN NULL
      WHEN e.name = 'Score Given' AND json_type(e.properties, '$.score') = 'integer'
        THEN json_extract(e.properties, '$.score')
      WHEN e.name = 'Review Given' AND json_type(e.properties, '$.rating') = 'integer'
        THEN json_extract(e.properties, '$.rating')
    END AS score
  FROM member m
  CROSS JOIN event e ON e.person_id = m.id
  LEFT JOIN purchase_order o
    ON o.person_id = e.person_id AND o.occurred_at = e.occurred_at AND o.event_id = e.id AND o.completed
    AND e.type = 'track' AND e.name = 'Order Completed'
  WHERE e.type IN ('track', 'page', 'screen', 'act')
    AND NOT (e.type = 'act' AND e.name = 'Timer Rang')
    AND NOT (e.type = 'track' AND e.name = 'Order Completed' AND o.id IS NULL)
    AND {names}
  UNION ALL
  SELECT
    m.person_id, l.event_id, l.line,
    CAST(strftime('%s', substr(l.occurred_at, 1, 19)) AS INTEGER) * 1000000
      + CAST(substr(l.occurred_at || '.000000', 21, 6) AS INTEGER),
    l.day, l.hour, 'Product Bought', l.product, l.category, l.quantity_milli, l.amount_minor, l.offer_minor, NULL,
    NULL, NULL, l.order_key, NULL, NULL
  FROM member m
  CROSS JOIN order_line l ON l.person_id = m.id
), refund AS (
  SELECT
    m.person_id AS person_id, o.id AS order_key,
    CASE WHEN o.cancelled OR o.refunded_minor > o.amount_minor THEN o.amount_minor ELSE o.refunded_minor END AS back_minor
  FROM member m
  CROSS JOIN purchase_order o ON o.person_id = m.id
  WHERE o.completed AND (o.cancelled OR o.refunded_minor > 0) AND o.unit = {currency}
)
