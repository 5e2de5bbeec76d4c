// Discovery. Enters: a server. Leaves: what its system tables tell, as records.
#include "clickhouse/catalogue.hpp"

namespace flatbed {
namespace {

std::string text_at(const Batch& batch, size_t column, size_t row) {
  return std::string(batch.column(column).text(row));
}

std::optional<uint64_t> number_at(const Batch& batch, size_t column, size_t row) {
  const Column& numbers = batch.column(column);
  return numbers.is_null(row) ? std::nullopt : std::optional(numbers.as<uint64_t>()[row]);
}

bool flag_at(const Batch& batch, size_t column, size_t row) {
  return batch.column(column).as<uint8_t>()[row] != 0;
}

// The condition for one database by its name, or for all that users made.
std::string in_database(const std::string& database, const std::string& column) {
  if (!database.empty()) return column + " = " + quote_text(database);
  return "lower(" + column + ") NOT IN ('system', 'information_schema')";
}

// Old servers tell less of their tables.
Error too_old(Error error) {
  constexpr int64_t kUnknownIdentifier = 47;
  if (error.native_code != kUnknownIdentifier) return error;
  error.code = Code::kServer;
  error.message = "the server is too old to be listed: " + error.message;
  error.hint = "use ClickHouse 22.3 or newer; a table that is named can be read all the same";
  return error;
}

// Asks for records, and makes each of a row.
template <class T, class Make>
Result<std::vector<T>> list(const ClickHouseServer& server, std::string sql, std::stop_token stop, Make make) {
  auto answer = ask(server, std::move(sql), stop);
  if (!answer) return too_old(std::move(answer).error());
  std::vector<T> found;
  for (const Batch& batch : *answer) {
    for (size_t row = 0; row < batch.rows(); ++row) found.push_back(make(batch, row));
  }
  return found;
}

}  // namespace

Result<std::vector<DatabaseInfo>> clickhouse_databases(const ClickHouseServer& server, std::stop_token stop) {
  const std::string sql =
      "SELECT d.name, d.engine, d.comment, countIf(t.name != ''), sum(t.total_rows), sum(t.total_bytes)\n"
      "FROM system.databases AS d LEFT JOIN (SELECT * FROM system.tables WHERE NOT is_temporary) AS t\n"
      "ON t.database = d.name WHERE " +
      in_database("", "d.name") + "\nGROUP BY d.name, d.engine, d.comment ORDER BY d.name";
  return list<DatabaseInfo>(server, sql, stop, [](const Batch& batch, size_t row) {
    return DatabaseInfo{.name = text_at(batch, 0, row),
                        .engine = text_at(batch, 1, row),
                        .comment = text_at(batch, 2, row),
                        .tables = number_at(batch, 3, row).value_or(0),
                        .rows = number_at(batch, 4, row),
                        .bytes = number_at(batch, 5, row)};
  });
}

Result<std::vector<TableInfo>> clickhouse_tables(const ClickHouseServer& server, const std::string& database,
                                                 std::stop_token stop) {
  const std::string sql =
      "SELECT database, name, engine, total_rows, total_bytes, comment, sorting_key, primary_key, partition_key\n"
      "FROM system.tables WHERE NOT is_temporary AND " +
      in_database(database, "database") + "\nORDER BY database, name";
  return list<TableInfo>(server, sql, stop, [](const Batch& batch, size_t row) {
    return TableInfo{.database = text_at(batch, 0, row),
                     .name = text_at(batch, 1, row),
                     .engine = text_at(batch, 2, row),
                     .rows = number_at(batch, 3, row),
                     .bytes = number_at(batch, 4, row),
                     .comment = text_at(batch, 5, row),
                     .sorting_key = text_at(batch, 6, row),
                     .primary_key = text_at(batch, 7, row),
                     .partition_key = text_at(batch, 8, row)};
  });
}

Result<std::vector<ColumnInfo>> clickhouse_columns(const ClickHouseServer& server, const TableAddress& table,
                                                   std::stop_token stop) {
  std::string sql =
      "SELECT database, table, name, type, default_kind, default_expression, comment, compression_codec,\n"
      "  is_in_sorting_key, is_in_primary_key, is_in_partition_key, data_compressed_bytes, data_uncompressed_bytes\n"
      "FROM system.columns WHERE " +
      in_database(table.database, "database");
  if (!table.name.empty()) sql += " AND table = " + quote_text(table.name);
  sql += "\nORDER BY database, table, position";
  auto columns = list<ColumnInfo>(server, sql, stop, [](const Batch& batch, size_t row) {
    return ColumnInfo{.database = text_at(batch, 0, row),
                      .table = text_at(batch, 1, row),
                      .name = text_at(batch, 2, row),
                      .type = text_at(batch, 3, row),
                      .default_kind = text_at(batch, 4, row),
                      .default_expression = text_at(batch, 5, row),
                      .comment = text_at(batch, 6, row),
                      .codec = text_at(batch, 7, row),
                      .in_sorting_key = flag_at(batch, 8, row),
                      .in_primary_key = flag_at(batch, 9, row),
                      .in_partition_key = flag_at(batch, 10, row),
                      .bytes = number_at(batch, 11, row),
                      .unpacked_bytes = number_at(batch, 12, row)};
  });
  if (!columns || !columns->empty() || table.name.empty()) return columns;
  return no_table(server, table, false, stop);
}

}  // namespace flatbed
