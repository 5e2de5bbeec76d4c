// What a load would find in its target, column by column, before anything is written.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/pipeline.hpp"

namespace flatbed {

/// How a column of a source and one of a table go together.
enum class Fit : uint8_t {
  kNew,        ///< the target is made, with this column
  kSame,       ///< of one type
  kConverted,  ///< values become the table's type; one that does not fit is a reject
  kFilled,     ///< the source lacks it: the table fills in its default
  kComputed,   ///< the source lacks it: the table computes it
  kRefused,    ///< the load would be refused for it; Difference::problem says why
};
/// Returns "new", "same", "converted", "filled", "computed" or "refused".
std::string_view fit_name(Fit fit) noexcept;

struct ColumnDifference {
  std::string name{};                ///< in the target
  std::string source_name{};         ///< empty: the source lacks it
  std::string source_type{};         ///< that holds every value of the source, or the one the user chose
  std::string target_type{};         ///< as the server writes it; empty: the target lacks it
  std::string default_expression{};  ///< in SQL, of a column that the source lacks
  Fit fit = Fit::kSame;
};

struct Difference {
  bool exists = false;                      ///< the target is there; else it is made
  Schema schema{};                          ///< of the rows as they would be written
  std::vector<ColumnDifference> columns{};  ///< those of the source in its order, then the others of the target
  std::optional<Error> problem{};           ///< why a load would be refused
};

/// Compares the columns that a plan brings with its target. COST: a text file is read to its end, for its types.
/// ERRORS: those of opening the source, and of reaching the target.
Result<Difference> difference(const Plan& plan, const Registry& registry, std::stop_token stop = {});

/// Writes a difference as JSON, one object.
std::string to_json(const Difference& difference);

}  // namespace flatbed
