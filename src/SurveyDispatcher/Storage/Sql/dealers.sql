-- name: set
INSERT INTO dealers (market, code, name, region) VALUES (@market, @code, @name, @region)
ON CONFLICT (market, code) DO UPDATE SET name = excluded.name, region = excluded.region
