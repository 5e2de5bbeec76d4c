// Rejected rows kept as they stand in their source, to be corrected in any editor and then loaded once.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "flatbed/pipeline.hpp"
#include "flatbed/receipt.hpp"
#include "flatbed/registry.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// A row of a quarantine.
struct QuarantinedRow {
  enum class State : uint8_t {
    kOpen,     ///< not loaded yet
    kLoaded,   ///< loaded by a replay
    kMissing,  ///< its line was removed from the file
    kUnclear,  ///< lines were added or removed beside it, so that it cannot be told which one it is
  };
  uint64_t number = 0;  ///< from 1, in the order of the file
  State state = State::kOpen;
  bool edited = false;  ///< differs from what was rejected or, once loaded, from what was loaded
  uint64_t line = 0;    ///< its first line in the file of rows now, from 1; 0 where there is none
  Error reject{};       ///< why, and where in the source; without `raw`
};
/// Returns "open", "loaded", "missing" or "unclear".
std::string_view state_name(QuarantinedRow::State state) noexcept;

/// A folder of rejected rows: the rows as they stand in the source under its header (rows.csv, the file to edit), and
/// beside it a line of JSON for each of them (rejects.jsonl), the load (load.json) and what was replayed
/// (replays.jsonl). A row is known by its place among the others: lines that were not changed hold the place of those
/// between them, so rows may be changed and left out freely, but a line that is added belongs to no row.
struct Quarantine {
  std::string folder{};
  std::string rows_file{};
  std::string source{};   ///< of the load, secrets removed
  std::string target{};   ///< of the load, secrets removed
  bool finished = false;  ///< the load came to its end, so that the rows may be replayed
  std::vector<QuarantinedRow> rows{};
  std::vector<uint64_t> added{};  ///< lines of the file of rows that belong to no row; they are not loaded
  uint64_t count(QuarantinedRow::State state) const noexcept;
};

/// Looks at a quarantine, and changes nothing. COST: memory for the file of rows. ERRORS: kNoQuarantine.
Result<Quarantine> open_quarantine(const std::string& folder);
/// Writes a quarantine as JSON, one object.
std::string to_json(const Quarantine& quarantine);

/// Loads the open rows of a quarantine into the target of its load, as they stand in the file of rows now. Rows that
/// are rejected again stay open; a row that was loaded is never loaded again. A replay that was interrupted is first
/// repeated with the very same blocks, which a table with a deduplication window drops where it has them.
/// `target` is needed where the address of the load held a secret or was a file; its options are added to those kept.
/// Rejects of the receipt name lines of the file of rows. ERRORS: kNoQuarantine, and those of copy().
Result<Receipt> replay(const std::string& folder, const Registry& registry, const Endpoint& target = {},
                       Observer observer = {}, std::stop_token stop = {});

}  // namespace flatbed
