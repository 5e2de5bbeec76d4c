// CREATE TABLE statements for a schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flatbed/schema.hpp"

namespace flatbed {

/// Inserts of Flatbed carry tokens; a table that is created for them remembers this many.
inline constexpr unsigned kDeduplicationWindow = 10000;

/// Returns the statement. `quoted_table` is ready for SQL; `engine` may carry arguments: "ReplacingMergeTree(version)".
std::string create_table_sql(const Schema& schema, std::string_view quoted_table, std::string_view engine,
                             const std::vector<std::string>& order_by);

}  // namespace flatbed
