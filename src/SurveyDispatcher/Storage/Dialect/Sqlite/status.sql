-- name: handed_abroad
SELECT year, market, coalesce(group_concat(DISTINCT nullif(country, '')), ''), count(DISTINCT person)
FROM handed_over WHERE country <> market GROUP BY year, market ORDER BY year DESC, market
