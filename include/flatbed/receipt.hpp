// What a run did, in numbers that balance: read = loaded + rejected + duplicate + filtered.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flatbed/dialect.hpp"
#include "flatbed/ledger.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Rejects or leniencies that are alike: one code in one column.
struct Finding {
  Code code = Code::kOk;
  std::string column{};  ///< its name; empty where the whole record is meant
  uint64_t count = 0;
  std::vector<Error> examples{};  ///< the first ones, up to 3
  friend bool operator==(const Finding& a, const Finding& b) noexcept {
    return a.code == b.code && a.column == b.column && a.count == b.count;
  }
};
/// Counts an error under its code and column. Findings stand in the order of their first error.
void add_finding(std::vector<Finding>& findings, const Error& error);
/// Adds findings of later rows.
void add_findings(std::vector<Finding>& findings, const std::vector<Finding>& later);

/// A file that was read.
struct SourceFile {
  std::string path{};
  uint64_t bytes = 0;
  std::string sha256{};  ///< empty where the run had no ledger
};

/// The result of a run; the same object in C++, C, Python and --json.
struct Receipt {
  std::string source{};  ///< URI, secrets removed
  std::string target{};
  Schema schema{};                                              ///< as written
  std::vector<std::pair<std::string, std::string>> settings{};  ///< the source's settings and who chose them
  uint64_t read = 0;
  uint64_t loaded = 0;  ///< acknowledged by the target
  uint64_t rejected = 0;
  uint64_t duplicate = 0;
  uint64_t filtered = 0;
  uint64_t bytes_read = 0;     ///< stored bytes of the source
  uint64_t bytes_written = 0;  ///< as sent or written
  uint64_t blocks = 0;
  std::optional<uint64_t> target_rows_before{}, target_rows_after{};  ///< where the target can be asked
  std::map<Code, uint64_t> rejects_by_code{};
  std::vector<Error> first_rejects{};  ///< up to 20
  std::vector<Finding> findings{};     ///< every reject, by code and column
  std::vector<Finding> leniencies{};   ///< repairs and marks that were made and, in a check, values that are rewritten
  bool checked = false;                ///< a check: nothing was written, `loaded` rows would have been
  std::string load{};                  ///< the load's name in the ledger; empty without one
  std::string plan{};                  ///< as JSON, no secrets
  std::vector<SourceFile> files{};
  uint64_t loaded_before = 0;             ///< of `loaded`: by earlier runs of this load
  std::vector<BlockRecord> block_list{};  ///< what the target has acknowledged, block by block
  double seconds = 0;
  std::string version{};
  /// Tells whether the counts balance.
  bool balanced() const noexcept { return read == loaded + rejected + duplicate + filtered; }
};

/// Writes a receipt as JSON, one object, no secrets.
std::string to_json(const Receipt& receipt);
/// Writes an error as JSON, one object.
std::string to_json(const Error& error);
/// Writes a dialect as JSON, one object.
std::string to_json(const Dialect& dialect);
/// Writes a schema as JSON: [{"name":..., "type":..., "decided_by":...}].
std::string to_json(const Schema& schema);

}  // namespace flatbed
