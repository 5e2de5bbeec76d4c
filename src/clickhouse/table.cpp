// What a server tells of its tables. Enters: a server and an address. Leaves: columns, small answers, and errors that
// name what was meant.
#include "clickhouse/table.hpp"

#include <algorithm>

#include "encode/native.hpp"

namespace flatbed {

std::string quoted(const TableAddress& table) {
  return quote_identifier(table.database) + "." + quote_identifier(table.name);
}

std::string plain(const TableAddress& table) {
  return table.database + "." + table.name;
}

Result<std::vector<Batch>> ask(const ClickHouseServer& server, std::string sql, std::stop_token stop,
                               const ServerSettings& settings) {
  auto bytes = server.query(std::move(sql), stop, settings);
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

// Measured with lineitem: blocks of 8 MB cost the server a sixth less than those of 1 MB that it makes by itself.
Result<std::unique_ptr<ByteSource>> ask_much(const ClickHouseServer& server, const std::string& sql,
                                             size_t memory_limit, std::stop_token stop) {
  constexpr size_t kOwnBytes = 1'000'000, kMostBytes = size_t{8} << 20;
  constexpr int64_t kReadonly = 164;
  const size_t bytes = std::min(kMostBytes, memory_limit / 12);
  if (bytes <= kOwnBytes || server.carried()) return server.query(sql, stop);
  auto answer = server.query(sql, stop, {{"preferred_block_size_bytes", std::to_string(bytes)}});
  if (answer || answer.error().native_code != kReadonly) return answer;
  return server.query(sql, stop);
}

Result<std::vector<uint64_t>> ask_numbers(const ClickHouseServer& server, std::string sql, std::stop_token stop,
                                          const ServerSettings& settings) {
  auto batches = ask(server, std::move(sql), stop, settings);
  if (!batches) return std::move(batches).error();
  for (const Batch& batch : *batches) {
    if (batch.rows() == 0) continue;
    std::vector<uint64_t> numbers;
    for (const Column& column : batch.columns()) numbers.push_back(column.as<uint64_t>()[0]);
    return numbers;
  }
  return Error{.code = Code::kBadBlock, .message = "the server's answer has no row", .where = {.uri = server.shown()}};
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

Schema writable_schema(const std::vector<DescribedColumn>& columns, const TableAddress& table) {
  Schema schema;
  for (const DescribedColumn& column : columns) {
    if (column.computed()) continue;
    if (auto type = parse_type(column.type_text)) {
      schema.fields.push_back({column.name, std::move(*type), "table " + plain(table)});
    }
  }
  return schema;
}

Status check_columns(const Schema& schema, const std::vector<DescribedColumn>& columns, const TableAddress& table,
                     const std::string& shown) {
  for (const Field& field : schema.fields) {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == field.name; });
    const Location where{.uri = shown, .column_name = field.name};
    if (found == columns.end() || found->computed()) {
      const std::string near = nearest_name(field.name, names_of(columns));
      return Error{.code = Code::kNoColumn,
                   .message = found == columns.end()
                                  ? "table \"" + plain(table) + "\" has no column \"" + field.name + "\""
                                  : "column \"" + field.name + "\" of table \"" + plain(table) + "\" is computed",
                   .where = where,
                   .hint = (near.empty() || near == field.name ? "" : "did you mean \"" + near + "\"? ") +
                           std::string("choose the source's columns with --columns")};
    }
    auto type = parse_type(found->type_text);
    if (!type) return unsupported(*found, std::move(type).error(), shown);
    Type given = field.type;
    given.nullable = given.nullable || type->nullable;
    if (same_values(given, *type)) continue;
    return Error{.code = Code::kInexact,
                 .message = "column \"" + field.name + "\" is " + to_string(field.type) + " in the source and " +
                            found->type_text + " in table \"" + plain(table) + "\"",
                 .where = where,
                 .hint = "cast the column to the type of the table first"};
  }
  return {};
}

Result<std::string> table_identity(const ClickHouseServer& server, const TableAddress& table, std::stop_token stop) {
  auto uuid = ask_names(server,
                        "SELECT toString(uuid) FROM system.tables WHERE database = " + sql_text(table.database) +
                            " AND name = " + sql_text(table.name),
                        stop);
  constexpr int64_t kUnknownIdentifier = 47;
  if (!uuid && uuid.error().native_code != kUnknownIdentifier) return std::move(uuid).error();
  // Old servers and some databases give tables no number of their own.
  const bool numbered = uuid && uuid->size() == 1 && uuid->front() != "00000000-0000-0000-0000-000000000000";
  return numbered ? uuid->front() : server.shown() + " " + plain(table);
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

std::string sql_text(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
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
