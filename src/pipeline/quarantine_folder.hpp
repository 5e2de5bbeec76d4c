// A quarantine as it lies in its folder, with the rows that it holds now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flatbed/pipeline.hpp"
#include "flatbed/quarantine.hpp"
#include "flatbed/sink.hpp"

namespace flatbed {

struct QuarantineFolder {
  /// A row that was rejected.
  struct Row {
    bool kept = false;  ///< its bytes were in the file of rows
    std::string hash{};
    std::optional<std::string> loaded{};  ///< the hash of what was loaded
  };
  /// A record of the file of rows.
  struct Record {
    size_t begin = 0, size = 0;
    uint64_t line = 0;
    std::string hash{};
  };
  /// A replay that began.
  struct Attempt {
    uint64_t number = 0;
    std::vector<uint64_t> rows{};
  };

  Quarantine shown{};
  Plan plan{};  ///< of the load
  Layout layout{};
  std::string id{};
  bool target_is_whole = false;  ///< the address of the target held no secret
  std::vector<std::pair<std::string, std::string>> loaded_types{};
  std::vector<Row> rows{};
  uint64_t attempts = 0;
  std::optional<Attempt> unfinished{};
  std::string text{};  ///< the file of rows
  std::vector<Record> records{};
  std::vector<std::optional<size_t>> record_of{};  ///< of each row
};

/// Reads a quarantine and tells which record is which row. COST: memory for the file of rows. ERRORS: kNoQuarantine.
Result<QuarantineFolder> read_quarantine(const std::string& path);
/// Finds the records of a text behind its header; blank lines are none.
Result<std::vector<QuarantineFolder::Record>> rows_in(std::string_view text, const Layout& layout,
                                                      const std::string& path);
Result<std::string> read_all(const std::string& path);
Error no_quarantine(const std::string& folder, const std::string& why);

}  // namespace flatbed
