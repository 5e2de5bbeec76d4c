"""Loads a CSV file into a new table of an embedded ClickHouse and exports four columns of it, from Python.

pip install flatbed[chdb]
python copy.py ../flights.csv /tmp/flights

The second argument is a folder to be made; the database lives in it.
"""

import sys
from pathlib import Path

import flatbed as fb

source, folder = sys.argv[1:]
table = f"chdb:{folder}/clickhouse/demo/flights"

print("delimiter:", fb.sniff(source).delimiter)
print("columns:")
for field in fb.schema(source):
    print(" ", field.name, field.type)

receipt = fb.copy(source, table, target_options={"create": True, "order_by": ["time_hour", "carrier", "flight"]})
print(f"read {receipt.read}, loaded {receipt.loaded}, rejected {receipt.rejected}")

exported = Path(folder, "flights.tsv")
receipt = fb.copy(table, exported, columns=["carrier", "flight", "dest", "dep_delay"])
print(f"exported {receipt.loaded}:")
print(exported.read_text(), end="")
