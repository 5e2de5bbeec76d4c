// What a server tells of its tables. Enters: a server and an address. Leaves: columns, small answers, and errors that
// name what was meant.
#include "clickhouse/table.hpp"

#include "encode/native.hpp"

namespace flatbed {

std::string quoted(const TableAddress& table) {
  return quote_identifier(table.database) + "." + quote_identifier(table.name);
}

std::string plain(const TableAddress& table) {
  return table.database + "." + table.name;
}

Result<std::vector<Batch>> ask(const ClickHouseServer& server, std::string sql, std::stop_token stop) {
  auto bytes = server.query(std::move(sql), stop);
  if (!bytes) return std::move(bytes).error();
  NativeReader reader(std::move(*bytes));
  std::vector<Batch> batches;
  for (;;) {
    auto batch = reader.next(stop);
    if (!batch) return std::move(batch).error();
    if (!*batch) return batches;
    batches.push_back(std::move(**batch));
  }
}

Result<std::vector<std::string>> ask_names(const ClickHouseServer& server, std::string sql, std::stop_token stop) {
  auto batches = ask(server, std::move(sql), stop);
  if (!batches) return std::move(batches).error();
  std::vector<std::string> names;
  for (const Batch& batch : *batches) {
    for (size_t row = 0; row < batch.rows(); ++row) names.emplace_back(batch.column(0).text(row));
  }
  return names;
}

Result<std::vector<DescribedColumn>> describe(const ClickHouseServer& server, const std::string& what,
                                              std::stop_token stop) {
  auto batches = ask(server, "DESCRIBE TABLE " + what, stop);
  if (!batches) return std::move(batches).error();
  std::vector<DescribedColumn> columns;
  for (const Batch& batch : *batches) {
    const auto name = batch.schema().find("name"), type = batch.schema().find("type");
    const auto kind = batch.schema().find("default_type");
    if (!name || !type || !kind) continue;
    for (size_t row = 0; row < batch.rows(); ++row) {
      columns.push_back({std::string(batch.column(*name).text(row)), std::string(batch.column(*type).text(row)),
                         std::string(batch.column(*kind).text(row))});
    }
  }
  return columns;
}

std::vector<std::string> names_of(const std::vector<DescribedColumn>& columns) {
  std::vector<std::string> names;
  for (const DescribedColumn& column : columns) names.push_back(column.name);
  return names;
}

Error no_table(const ClickHouseServer& server, const TableAddress& table, bool to_write, std::stop_token stop) {
  Error error{.code = Code::kNoTable, .where = {.uri = server.shown()}};
  auto tables = ask_names(server, "SHOW TABLES FROM " + quote_identifier(table.database), stop);
  if (!tables) {
    error.message = "database \"" + table.database + "\" does not exist";
    auto databases = ask_names(server, "SHOW DATABASES", stop);
    const std::string near = databases ? nearest_name(table.database, *databases) : "";
    if (!near.empty()) error.hint = "did you mean database \"" + near + "\"?";
    return error;
  }
  error.message = "table \"" + plain(table) + "\" does not exist";
  const std::string near = nearest_name(table.name, *tables);
  if (!near.empty()) error.hint = "did you mean \"" + table.database + "." + near + "\"?";
  if (to_write) error.hint += std::string(near.empty() ? "" : " ") + "--create makes a new table";
  return error;
}

bool is_missing(const Error& error) {
  constexpr int64_t kUnknownTable = 60, kUnknownDatabase = 81;
  return error.native_code == kUnknownTable || error.native_code == kUnknownDatabase;
}

std::string comma_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + quote_identifier(name);
  return list;
}

// Outside of a tuple NULL would swallow the rest. Two functions of 64 bits cost a tenth of one of 128 (26.9).
std::string row_hash(const std::vector<std::string>& columns) {
  const std::string row = "tuple(" + comma_list(columns) + ")";
  return "bitOr(bitShiftLeft(toUInt128(cityHash64(" + row + ")), 64), toUInt128(xxHash64(" + row + ")))";
}

Error unsupported(const DescribedColumn& column, Error problem, const std::string& shown) {
  problem.code = Code::kUnsupportedType;
  problem.message = "column \"" + column.name + "\" has a type that is not carried: " + column.type_text;
  problem.where = {.uri = shown, .column_name = column.name};
  problem.hint = "choose the other columns with --columns";
  return problem;
}

Error no_table_named(const std::string& shown) {
  return {.code = Code::kBadUri,
          .message = "the address names no table: " + shown,
          .expected = "an address that ends in /database/table"};
}

}  // namespace flatbed
