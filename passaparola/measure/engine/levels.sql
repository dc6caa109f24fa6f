-- On which level of each scale a person stands. Tiers are not kept yet: unknown for everybody.
SELECT
  w.person_id AS person_id,
  stage.stage AS stage,
  CAST(NULL AS VARCHAR) AS tier,
  CASE
    WHEN base.purchases > 0 AND base.last_purchase_day > pyramid_day THEN 'active'
    WHEN base.purchases > 0 THEN 'inactive'
    WHEN NOT named.person_id IS NULL THEN 'potential'
  END AS pyramid,
  lead.lead AS lead,
  generation.generation AS generation
FROM who AS w
LEFT JOIN stage ON stage.person_id = w.person_id
LEFT JOIN base ON base.person_id = w.person_id
LEFT JOIN named ON named.person_id = w.person_id
LEFT JOIN lead ON lead.person_id = w.person_id
LEFT JOIN generation ON generation.person_id = w.person_id
