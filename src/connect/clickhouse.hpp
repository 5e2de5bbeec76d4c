// Tables of ClickHouse as sources and sinks, whatever runs the server: shared by clickhouse.cpp and chdb.cpp.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "clickhouse/table.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// Makes a connector of tables behind another client: client:database/table.
Connector carried_connector(std::shared_ptr<Carrier> carrier);
/// Reads the option `settings`. ERRORS: kBadOption.
Result<ServerSettings> server_settings(const Options& options);

inline constexpr std::array kTableOptions = {
    OptionSpec{.name = "query", .help = "SELECT to read in place of the table", .use = Use::kRead},
    OptionSpec{.name = "where", .help = "Condition, in SQL, that rows must meet", .use = Use::kRead},
    OptionSpec{.name = "order_by", .help = "Expressions, in SQL, to order rows by", .use = Use::kRead},
    OptionSpec{.name = "limit", .type = OptionType::kCount, .help = "Most rows to read", .use = Use::kRead},
    OptionSpec{.name = "connections",
               .type = OptionType::kCount,
               .help = "Connections that read a table at a time; with more than one the order of rows is not kept",
               .default_text = "1",
               .use = Use::kRead},
    OptionSpec{.name = "create",
               .type = OptionType::kFlag,
               .help = "Create the table if it is missing",
               .default_text = "false",
               .use = Use::kWrite},
    OptionSpec{
        .name = "engine", .help = "Engine of the table to create", .default_text = "MergeTree", .use = Use::kWrite},
    OptionSpec{.name = "order_by",
               .type = OptionType::kNames,
               .help = "Columns that the table to create is ordered by",
               .use = Use::kWrite},
    OptionSpec{.name = "load",
               .help = "Name of the load: a block that a load of this name has inserted is not inserted again",
               .use = Use::kWrite},
    OptionSpec{.name = "repeat",
               .type = OptionType::kFlag,
               .help = "The load may have arrived before: refuse a table that would not know its blocks again",
               .default_text = "false",
               .use = Use::kWrite},
    OptionSpec{.name = "block_rows",
               .type = OptionType::kCount,
               .help = "Rows of a block, which is one INSERT",
               .default_text = "1048576",
               .use = Use::kWrite},
    OptionSpec{.name = "block_bytes",
               .type = OptionType::kBytes,
               .help = "Bytes at which a block ends that has fewer rows",
               .default_text = "64M",
               .use = Use::kWrite},
    OptionSpec{.name = "connections",
               .type = OptionType::kCount,
               .help = "INSERTs on their way at a time",
               .default_text = "2",
               .use = Use::kWrite},
    OptionSpec{.name = "settings",
               .type = OptionType::kNames,
               .help = "Settings of ClickHouse for every statement: name=value,name=value"},
};

/// Puts the options of a connector behind those of tables.
template <size_t Count>
constexpr auto with_table_options(const std::array<OptionSpec, Count>& own) {
  std::array<OptionSpec, kTableOptions.size() + Count> all;
  for (size_t i = 0; i < kTableOptions.size(); ++i) all[i] = kTableOptions[i];
  for (size_t i = 0; i < Count; ++i) all[kTableOptions.size() + i] = own[i];
  return all;
}

}  // namespace flatbed
