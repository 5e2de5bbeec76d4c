// What a server has: databases, tables, columns.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "clickhouse/table.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// Lists the databases that are not the server's own.
Result<std::vector<DatabaseInfo>> clickhouse_databases(const ClickHouseServer& server, std::stop_token stop);
/// Lists the tables of a database; of all that are not the server's own when it is empty.
Result<std::vector<TableInfo>> clickhouse_tables(const ClickHouseServer& server, const std::string& database,
                                                 std::stop_token stop);
/// Lists the columns of a table; of every table of the database, or of all databases, where a name is empty.
Result<std::vector<ColumnInfo>> clickhouse_columns(const ClickHouseServer& server, const TableAddress& table,
                                                   std::stop_token stop);

}  // namespace flatbed
