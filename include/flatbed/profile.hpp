// What a whole pass over a source finds in each column: the evidence of its type, statistics, and what to make of them.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/registry.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// What is known of one column.
struct ColumnProfile {
  Field field{};  ///< its type, who decided it and, where it was inferred, the evidence
  uint64_t nulls = 0;
  std::string min{}, max{};  ///< as text; empty for a column without values, and for UUIDs, addresses and enums
  uint64_t distinct = 0;     ///< values that differ, NULL left out
  bool distinct_is_exact =
      false;                   ///< up to 10,000, and of numbers of one or two bytes; else estimated (HyperLogLog, 1 %)
  uint64_t longest_bytes = 0;  ///< of a text; 0 for other types
  std::vector<std::string> samples{};  ///< the first 5 values that differ
  Type proposed{};                     ///< a type for a table: narrower than `field.type` where the values allow it
  std::string why{};                   ///< why it is proposed; empty where it is the same
};

/// What is known of a source.
struct Profile {
  uint64_t rows = 0;
  uint64_t rejected = 0;  ///< records that are no rows; the statistics leave them out
  std::vector<ColumnProfile> columns{};
  std::vector<std::string> order_by{};  ///< columns for a sorting key, those with few values first
  /// Returns the schema of a table as it is proposed.
  Schema proposed() const;
};

/// What is wanted of a profile.
struct ProfileOptions {
  bool enums = false;  ///< propose Enum8 for texts of up to 64 short values: a table then takes no others
};

/// Reads a source to its end, twice where its types are inferred. COST: about twice a load without its sending; memory
/// of 10,000 hashes and 64 texts a column, and of a byte for each of 65,536 numbers.
Result<Profile> profile(const Endpoint& source, const Registry& registry, const ProfileOptions& options = {},
                        std::stop_token stop = {});
/// Writes a profile as JSON, one object.
std::string to_json(const Profile& profile);

}  // namespace flatbed
