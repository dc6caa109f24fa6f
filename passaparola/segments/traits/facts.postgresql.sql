-- The relations member, fact, refund on PostgreSQL, for the people of one list parameter (their roots), or everybody.
-- Times become microseconds since 1970 UTC here and nowhere else; texts are compared byte by byte, as everywhere.
-- Amounts are facts in the installation's currency alone.
member AS MATERIALIZED (
  SELECT id, root_id AS person_id FROM person WHERE {people}
), fact AS MATERIALIZED (
  SELECT
    m.person_id AS person_id, e.id AS event_id, 0 AS line,
    CAST(EXTRACT(EPOCH FROM e.occurred_at) * 1000000 AS BIGINT) AS at_us,
    e.day AS day, CAST(e.hour AS INTEGER) AS hour,
    CASE e.type WHEN 'page' THEN 'Page Viewed' WHEN 'screen' THEN 'Screen Viewed' ELSE e.name END COLLATE "C" AS name,
    CAST(NULL AS TEXT) COLLATE "C" AS product, CAST(NULL AS TEXT) COLLATE "C" AS category,
    CAST(NULL AS BIGINT) AS quantity_milli,
    CASE WHEN o.unit = {currency} THEN o.amount_minor END AS amount_minor,
    o.offer_minor AS offer_minor, o.margin_minor AS margin_minor,
    CASE
      WHEN e.name = 'Visit Recorded' AND e.result <> '{}' THEN CAST(CAST(e.result AS json) ->> 'company' AS INTEGER)
      ELSE o.company
    END AS company,
    CAST(o.channel AS TEXT) COLLATE "C" AS channel, o.id AS order_key, e.properties AS props,
    -- json refuses to be read where a text in it holds a NUL.
    CASE
      WHEN e.name NOT IN ('Score Given', 'Review Given') OR POSITION('\u0000' IN e.properties) > 0 THEN NULL
      WHEN json_typeof(CAST(e.properties AS json) -> CASE e.name WHEN 'Score Given' THEN 'score' ELSE 'rating' END) = 'number'
        THEN CAST(SUBSTRING(
          CAST(e.properties AS json) ->> CASE e.name WHEN 'Score Given' THEN 'score' ELSE 'rating' END
          FROM '^[0-9]{1,2}$'
        ) AS INTEGER)
    END AS score
  FROM member m
  JOIN event e ON e.person_id = m.id
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
    CAST(EXTRACT(EPOCH FROM l.occurred_at) * 1000000 AS BIGINT),
    l.day, CAST(l.hour AS INTEGER), 'Product Bought' COLLATE "C", CAST(l.product AS TEXT) COLLATE "C",
    CAST(l.category AS TEXT) COLLATE "C", l.quantity_milli, l.amount_minor, l.offer_minor, NULL,
    NULL, NULL, l.order_key, NULL, NULL
  FROM member m
  JOIN order_line l ON l.person_id = m.id
), refund AS (
  SELECT
    m.person_id AS person_id, o.id AS order_key,
    CASE WHEN o.cancelled OR o.refunded_minor > o.amount_minor THEN o.amount_minor ELSE o.refunded_minor END AS back_minor
  FROM member m
  JOIN purchase_order o ON o.person_id = m.id
  WHERE o.completed AND (o.cancelled OR o.refunded_minor > 0) AND o.unit = {currency}
)
