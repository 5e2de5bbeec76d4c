// Joins of ClickHouse tables as a value: which tables, by which keys, and the SQL that does it, to show and edit.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/registry.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kCross };
/// Returns "inner", "left", "right", "full" or "cross"; the other way nothing for another word.
std::string_view join_kind_name(JoinKind kind) noexcept;
std::optional<JoinKind> join_kind_of(std::string_view name) noexcept;

/// Two columns that must be equal.
struct JoinKey {
  std::string table{};          ///< alias of a table that stands before
  std::string column{};         ///< of that table
  std::string joined_column{};  ///< of the table that is joined
};

/// A table of a join.
struct JoinedTable {
  std::string database{}, name{};
  std::string alias{};                ///< empty: the name
  JoinKind kind = JoinKind::kInner;   ///< how it joins those before it; the first one joins nothing
  std::vector<JoinKey> keys{};        ///< all of them must hold
  std::vector<ColumnInfo> columns{};  ///< what the table has; look_up() fills them in
  const std::string& shown() const noexcept { return alias.empty() ? name : alias; }
};

/// A column of the result.
struct JoinColumn {
  std::string table{};  ///< alias
  std::string column{};
  std::string as{};  ///< empty: its name, or alias_name where two tables have that name
};

/// A SELECT over joined tables. Rows without a partner have NULL in the other table's columns.
struct Join {
  std::vector<JoinedTable> tables{};
  std::vector<JoinColumn> columns{};  ///< empty: all, in the order of the tables
  std::string where{};                ///< condition in SQL; columns are `alias`.`name`
  std::string order_by{};             ///< expressions in SQL
  std::optional<uint64_t> limit{};
};

/// Adds a table as a person writes it: "orders", "shop.orders AS o", "left customers AS c". Names that hold other
/// characters than letters, digits and _ stand in backquotes or double quotes. ERRORS: kUsage.
Status add_table(Join& join, std::string_view text);
/// Adds a key: "o.customer_id = c.id", in either order, to the table that stands last. ERRORS: kUsage.
Status add_key(Join& join, std::string_view text);
/// Adds a column of the result: "c.name" or "c.name AS customer". ERRORS: kUsage.
Status add_column(Join& join, std::string_view text);

/// Asks the server for the columns of every table. A table without a database takes that of the address.
/// ERRORS: those of Registry::columns().
Status look_up(Join& join, const Endpoint& server, const Registry& registry, std::stop_token stop = {});

/// Returns the statement, every name quoted. Columns are checked where look_up() has found them; without it
/// `columns` must be given. ERRORS: kUsage, kUnknownColumn with the nearest name, kDuplicateName.
Result<std::string> join_sql(const Join& join);

/// A pair of columns that may be a key.
struct KeyProposal {
  std::string joined_table{};  ///< alias of the table that `key` would join
  JoinKey key{};
  double score = 0;   ///< 0 to 1
  std::string why{};  ///< "the same name, in the primary key"
};
/// Returns the key as add_key() reads it.
std::string to_string(const KeyProposal& proposal);
/// Proposes keys from names and types, the best first. REQUIRES: look_up().
std::vector<KeyProposal> propose_keys(const Join& join);

}  // namespace flatbed
