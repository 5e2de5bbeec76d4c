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

inline ReadTable read_table(std::string_view text, const Schema& types, size_t chunk_bytes, unsigned threads) {
  CsvSourceOptions options{.chunk_bytes = chunk_bytes};
  options.dialect.delimiter = {",", Chosen::kUser};
  options.dialect.quote = {"\"", Chosen::kUser};
  options.dialect.escape = {"\"", Chosen::kUser};
  options.dialect.header = {true, Chosen::kUser};
  options.dialect.header_rows = {1, Chosen::kUser};
  options.dialect.skip_rows = {0, Chosen::kUser};
  options.dialect.encoding = {"utf-8", Chosen::kUser};
  options.dialect.nulls = {{"", "\\N"}, Chosen::kUser};
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
