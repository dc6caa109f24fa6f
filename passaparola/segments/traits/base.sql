-- What each person's facts come to, over their whole history: one row a person, integers only, ties broken aloud.
-- Reads the relations fact and refund; printed for SQLite, PostgreSQL, DuckDB and Spark from this one text.
-- A visit is a local day on which somebody came. Favourites: most, then latest, then smallest.
WITH came AS (
  SELECT
    person_id, at_us, day, hour, CASE WHEN name = 'Order Completed' THEN 1 ELSE 0 END AS bought,
    amount_minor, margin_minor, offer_minor, company, channel
  FROM fact
  WHERE line = 0 AND name IN ('Order Completed', 'Visit Recorded')
), said AS (
  -- What people told us: enrolled, rated, complained, shared. The last score is the score of the last moment;
  -- of two in one microsecond the higher.
  SELECT
    person_id,
    MIN(day) AS first_day,
    MIN(CASE WHEN name IN ('Signed Up', 'Friend Signed Up') THEN day END) AS enrolled_day,
    MAX(CASE WHEN name = 'Score Given' AND score BETWEEN 0 AND 10 THEN at_us * 16 + score END) AS packed_score,
    MAX(CASE WHEN name = 'Review Given' AND score BETWEEN 0 AND 10 THEN at_us * 16 + score END) AS packed_rating,
    SUM(CASE WHEN name = 'Review Given' THEN 1 ELSE 0 END) AS reviews,
    SUM(CASE WHEN name = 'Complaint Opened' THEN 1 ELSE 0 END) AS complaints,
    SUM(CASE WHEN name = 'Complaint Closed' THEN 1 ELSE 0 END) AS complaints_closed,
    MAX(CASE WHEN name = 'Complaint Opened' THEN day END) AS last_complaint_day,
    SUM(CASE WHEN name = 'Code Shared' THEN 1 ELSE 0 END) AS codes_shared,
    MAX(CASE WHEN name = 'Code Shared' THEN day END) AS last_share_day
  FROM fact
  WHERE line = 0 AND name IN (
    'Signed Up', 'Friend Signed Up', 'Score Given', 'Review Given', 'Complaint Opened', 'Complaint Closed', 'Code Shared'
  )
  GROUP BY person_id
), sums AS (
  SELECT
    came.person_id AS person_id,
    SUM(bought) AS purchases,
    SUM(CASE WHEN bought = 1 AND day >= enrolled_day THEN 1 ELSE 0 END) AS purchases_enrolled,
    MIN(CASE WHEN bought = 1 THEN at_us END) AS first_purchase_us,
    MAX(CASE WHEN bought = 1 THEN at_us END) AS last_purchase_us,
    MAX(CASE WHEN bought = 1 THEN day END) AS last_purchase_day,
    SUM(CASE WHEN bought = 1 THEN amount_minor END) AS gross_minor,
    SUM(CASE WHEN bought = 1 AND amount_minor IS NOT NULL THEN 1 ELSE 0 END) AS purchases_valued,
    SUM(CASE WHEN bought = 1 THEN margin_minor END) AS margin_minor,
    SUM(CASE WHEN bought = 1 THEN offer_minor END) AS offer_minor,
    SUM(CASE WHEN bought = 1 AND offer_minor IS NOT NULL THEN amount_minor END) AS offer_of_minor,
    SUM(CASE WHEN company >= 1 THEN 1 ELSE 0 END) AS company_known,
    SUM(CASE WHEN company >= 2 THEN 1 ELSE 0 END) AS accompanied
  FROM came
  LEFT JOIN said ON said.person_id = came.person_id
  GROUP BY came.person_id
), back AS (
  SELECT person_id, SUM(back_minor) AS back_minor FROM refund GROUP BY person_id
), visit_day AS (
  SELECT person_id, day FROM came GROUP BY person_id, day
), visits AS (
  SELECT
    visit_day.person_id AS person_id,
    COUNT(*) AS visits,
    SUM(CASE WHEN day >= enrolled_day THEN 1 ELSE 0 END) AS visits_enrolled,
    MIN(day) AS first_visit_day,
    MAX(day) AS last_visit_day
  FROM visit_day
  LEFT JOIN said ON said.person_id = visit_day.person_id
  GROUP BY visit_day.person_id
), gap AS (
  SELECT person_id, day - LAG(day) OVER (PARTITION BY person_id ORDER BY day) AS days FROM visit_day
), placed_gap AS (
  SELECT person_id, days, ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY days) AS place
  FROM gap
  WHERE days IS NOT NULL
), usual AS (
  -- The lower median: at least half of the pauses, of which there is one less than visits, were no longer.
  SELECT placed_gap.person_id AS person_id, placed_gap.days AS interval_days
  FROM placed_gap
  JOIN visits ON visits.person_id = placed_gap.person_id
  WHERE place * 2 = visits - 1 OR place * 2 = visits
), of_weekday AS (
  SELECT person_id, (day + 3) % 7 + 1 AS kind, COUNT(*) AS times, MAX(day) AS last_day
  FROM visit_day
  GROUP BY person_id, (day + 3) % 7 + 1
), weekday AS (
  -- times, latest day and 31 less the kind, in one integer: its greatest is the favourite.
  SELECT person_id, MAX(times * 2097152 + last_day * 32 + 31 - kind) AS packed FROM of_weekday GROUP BY person_id
), of_hour AS (
  SELECT person_id, hour AS kind, COUNT(*) AS times, MAX(day) AS last_day FROM came GROUP BY person_id, hour
), hours AS (
  SELECT person_id, MAX(times * 2097152 + last_day * 32 + 31 - kind) AS packed FROM of_hour GROUP BY person_id
), of_channel AS (
  SELECT person_id, channel AS kind, COUNT(*) AS times, MAX(at_us) AS last_us
  FROM came
  WHERE channel IS NOT NULL
  GROUP BY person_id, channel
), channels AS (
  -- The same as text: two numbers of fixed length that grow as times and moment fall, then the kind; its least is the favourite.
  -- Good for a thousand million times, and for the years 1907 to 2191.
  SELECT person_id, SUBSTR(
    MIN(CAST(2000000000 - times AS VARCHAR) || CAST(8000000000000000 - last_us AS VARCHAR) || kind), 27
  ) AS kind
  FROM of_channel
  GROUP BY person_id
), of_product AS (
  SELECT person_id, product AS kind, COUNT(*) AS times, MAX(at_us) AS last_us
  FROM fact
  WHERE line > 0 AND product IS NOT NULL
  GROUP BY person_id, product
), products AS (
  SELECT person_id, SUBSTR(
    MIN(CAST(2000000000 - times AS VARCHAR) || CAST(8000000000000000 - last_us AS VARCHAR) || kind), 27
  ) AS kind,
    COUNT(*) AS products
  FROM of_product
  GROUP BY person_id
), of_category AS (
  SELECT person_id, category AS kind, COUNT(*) AS times, MAX(at_us) AS last_us
  FROM fact
  WHERE line > 0 AND category IS NOT NULL
  GROUP BY person_id, category
), categories AS (
  SELECT person_id, SUBSTR(
    MIN(CAST(2000000000 - times AS VARCHAR) || CAST(8000000000000000 - last_us AS VARCHAR) || kind), 27
  ) AS kind
  FROM of_category
  GROUP BY person_id
), everybody AS (
  SELECT person_id FROM sums UNION SELECT person_id FROM said
)
SELECT
  everybody.person_id AS person_id,
  CASE
    WHEN said.first_day IS NULL OR visits.first_visit_day < said.first_day THEN visits.first_visit_day ELSE said.first_day
  END AS known_day,
  said.enrolled_day AS enrolled_day,
  COALESCE(visits.visits, 0) AS visits,
  COALESCE(CASE WHEN said.enrolled_day IS NULL THEN visits.visits ELSE visits.visits_enrolled END, 0) AS visits_enrolled,
  visits.first_visit_day AS first_visit_day,
  visits.last_visit_day AS last_visit_day,
  usual.interval_days AS interval_days,
  COALESCE(sums.purchases, 0) AS purchases,
  COALESCE(CASE WHEN said.enrolled_day IS NULL THEN sums.purchases ELSE sums.purchases_enrolled END, 0)
    AS purchases_enrolled,
  sums.first_purchase_us AS first_purchase_us,
  sums.last_purchase_us AS last_purchase_us,
  sums.last_purchase_day AS last_purchase_day,
  COALESCE(sums.gross_minor, 0) - COALESCE(back.back_minor, 0) AS spent_minor,
  COALESCE(sums.purchases_valued, 0) AS purchases_valued,
  sums.margin_minor AS margin_minor,
  sums.offer_minor AS offer_minor,
  sums.offer_of_minor AS offer_of_minor,
  COALESCE(sums.company_known, 0) AS company_known,
  COALESCE(sums.accompanied, 0) AS accompanied,
  products.kind AS favourite_product,
  COALESCE(products.products, 0) AS products,
  categories.kind AS favourite_category,
  channels.kind AS favourite_channel,
  31 - weekday.packed % 32 AS favourite_weekday,
  31 - hours.packed % 32 AS favourite_hour,
  said.packed_score % 16 AS last_score,
  said.packed_rating % 16 AS last_rating,
  COALESCE(said.reviews, 0) AS reviews,
  COALESCE(said.complaints, 0) AS complaints,
  CASE WHEN said.complaints > said.complaints_closed THEN said.complaints - said.complaints_closed ELSE 0 END
    AS complaints_open,
  said.last_complaint_day AS last_complaint_day,
  COALESCE(said.codes_shared, 0) AS codes_shared,
  said.last_share_day AS last_share_day
FROM everybody
LEFT JOIN said ON said.person_id = everybody.person_id
LEFT JOIN sums ON sums.person_id = everybody.person_id
LEFT JOIN back ON back.person_id = everybody.person_id
LEFT JOIN visits ON visits.person_id = everybody.person_id
LEFT JOIN usual ON usual.person_id = everybody.person_id
LEFT JOIN weekday ON weekday.person_id = everybody.person_id
LEFT JOIN hours ON hours.person_id = everybody.person_id
LEFT JOIN channels ON channels.person_id = everybody.person_id
LEFT JOIN products ON products.person_id = everybody.person_id
LEFT JOIN categories ON categories.person_id = everybody.person_id
