// A text file read as a table, for the fuzz targets of columns and of the writer.
#pragma once

#include <string>
#include <vector>

#include "columns/csv_source.hpp"

namespace flatbed {

struct ReadTable {
  Schema schema{};
  std::vector<Batch> batches{};
  std::string rejects{};
  std::string error{};
};

/// Commas and quotes, or TSV with backslashes.
inline Dialect dialect_of(bool backslashes) {
  Dialect dialect;
  dialect.delimiter = {backslashes ? "\t" : ",", Chosen::kUser};
  dialect.quote = {backslashes ? "" : "\"", Chosen::kUser};
  dialect.escape = {backslashes ? "\\" : "\"", Chosen::kUser};
  dialect.header = {true, Chosen::kUser};
  dialect.header_rows = {1, Chosen::kUser};
  dialect.skip_rows = {0, Chosen::kUser};
  dialect.encoding = {"utf-8", Chosen::kUser};
  dialect.nulls.by = Chosen::kUser;
  if (backslashes) dialect.nulls.value = {"\\N"};
  return dialect;
}

inline ReadTable read_table(std::string_view text, const Schema& types, size_t chunk_bytes, unsigned threads,
                            bool backslashes = false) {
  const CsvSourceOptions options{.dialect = dialect_of(backslashes), .chunk_bytes = chunk_bytes};
  const auto source = csv_source(
      {{.uri = "t.csv",
        .reopenable = true,
        .open = [text](std::stop_token) { return Result<std::unique_ptr<ByteSource>>(memory_bytes(text)); }}},
      options);
  ReadTable table;
  auto schema = source->open({.types = types, .threads = threads}, {});
  if (!schema) {
    table.error = to_string(schema.error());
    return table;
  }
  table.schema = std::move(*schema);
  for (;;) {
    auto delivery = source->next({});
    if (!delivery) {
      table.error = to_string(delivery.error());
      return table;
    }
    if (!*delivery) return table;
    for (const Error& reject : (*delivery)->rejects) table.rejects += to_string(reject) + "\n";
    table.batches.push_back(std::move((*delivery)->batch));
  }
}

}  // namespace flatbed
