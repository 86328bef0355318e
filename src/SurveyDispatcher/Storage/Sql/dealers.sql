-- name: set
INSERT INTO dealers (market, code, name, region) VALUES (@market, @code, @name, @region)
ON CONFLICT (market, code) DO UPDATE SET name = excluded.name, region = excluded.region

-- name: add_tally
INSERT INTO tallies (month, source, country, dealer_code, what, count) VALUES (@month, @source, @country, @dealer_code, @what, @count)
ON CONFLICT (month, country, dealer_code, source, what) DO UPDATE SET count = tallies.count + excluded.count
