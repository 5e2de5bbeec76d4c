// Tables of a ClickHouse server: what is known of them, and what reads and fills them.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "bytes/clickhouse_server.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

struct BlockLimits;
class Prover;

/// A table; `database` and `name` are as a person writes them.
struct TableAddress {
  std::string database{}, name{};
};

/// Makes the way to the server, when it is first needed.
using ReachServer = std::function<Result<ClickHouseServer>(std::stop_token)>;

/// REQUIRES: options checked against kTableOptions.
Result<std::unique_ptr<Source>> clickhouse_source(ReachServer reach, TableAddress table, const Options& options,
                                                  std::string shown);
Result<std::unique_ptr<Sink>> clickhouse_sink(ReachServer reach, TableAddress table, const Options& options,
                                              std::string shown);

/// Returns the table as SQL names it, and as a person does.
std::string quoted(const TableAddress& table);
std::string plain(const TableAddress& table);

/// Returns a sink that looks for rows in the table. REQUIRES: limits of the load that brought them.
std::unique_ptr<Prover> table_prover(ReachServer reach, TableAddress table, const BlockLimits& limits);

/// Reads a small answer whole.
Result<std::vector<Batch>> ask(const ClickHouseServer& server, std::string sql, std::stop_token stop,
                               const ServerSettings& settings = {});
/// Reads a large answer, in larger blocks than the server makes by itself: they cost it less. `memory_limit` is the
/// reader's. A user who may not change settings gets blocks as the server makes them.
Result<std::unique_ptr<ByteSource>> ask_much(const ClickHouseServer& server, const std::string& sql,
                                             size_t memory_limit, std::stop_token stop);
/// Reads the first row of a small answer, whose columns are UInt64. ERRORS: kBadBlock where there is none.
Result<std::vector<uint64_t>> ask_numbers(const ClickHouseServer& server, std::string sql, std::stop_token stop,
                                          const ServerSettings& settings = {});
/// Reads the first column of a small answer, which is text.
Result<std::vector<std::string>> ask_names(const ClickHouseServer& server, std::string sql, std::stop_token stop);

/// A column as DESCRIBE tells it.
struct DescribedColumn {
  std::string name{};
  std::string type_text{};
  std::string kind{};  ///< "", DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL
  bool computed() const noexcept { return kind == "MATERIALIZED" || kind == "ALIAS"; }
};
/// Returns the columns of `what`: a table or a query in brackets.
Result<std::vector<DescribedColumn>> describe(const ClickHouseServer& server, const std::string& what,
                                              std::stop_token stop);
std::vector<std::string> names_of(const std::vector<DescribedColumn>& columns);

/// Returns the columns that are written, as far as their types are carried; of the others only one that the source has
/// matters, and check_columns() sees to that.
Schema writable_schema(const std::vector<DescribedColumn>& columns, const TableAddress& table);
/// Checks that every column of `schema` has its place in the table, of the very same type: the server would convert,
/// and wrap.
Status check_columns(const Schema& schema, const std::vector<DescribedColumn>& columns, const TableAddress& table,
                     const std::string& shown);
/// Returns what tells the table from every other one, also from a later one of the same name.
Result<std::string> table_identity(const ClickHouseServer& server, const TableAddress& table, std::stop_token stop);

/// Says which table or database is missing, and which one may have been meant.
Error no_table(const ClickHouseServer& server, const TableAddress& table, bool to_write, std::stop_token stop);
Error no_table_named(const std::string& shown);
bool is_missing(const Error& error);
Error unsupported(const DescribedColumn& column, Error problem, const std::string& shown);

/// Returns `text` as an SQL string.
std::string sql_text(std::string_view text);
/// Returns "`a`, `b`".
std::string comma_list(const std::vector<std::string>& names);
/// Returns what tells a row from one that differs in any of the columns, as SQL: a UInt128, also where some are NULL.
std::string row_hash(const std::vector<std::string>& columns);

}  // namespace flatbed
