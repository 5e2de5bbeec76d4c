// What loads have sent and what was acknowledged, kept where a crash does not reach: a load goes on where it stopped,
// and a file that is in a table already is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/status.hpp"

namespace flatbed {

/// One block of a load: what one INSERT carries.
struct BlockRecord {
  uint64_t number = 0;  ///< of the block in its load, from 0
  uint64_t first_record = 0, records = 0;
  uint64_t byte_begin = 0, byte_end = 0;
  uint64_t rows = 0;
  std::string token{};  ///< of deduplication
  std::string hash{};   ///< XXH3-128 of the rows in Native
  std::string split{};  ///< how, if not whole: "0+90:7;" 90 rows from row 0 cut behind the 7th, "!8;" row 8 refused
  bool acknowledged = false;  ///< by the server; false: sent, the outcome is not known
  friend bool operator==(const BlockRecord&, const BlockRecord&) = default;
};

enum class LoadState : uint8_t {
  kOpen,      ///< begun: at work, or interrupted
  kFinished,  ///< everything is in the target
  kUndone,    ///< its rows were taken out of the target again
};
/// Returns "open", "finished" or "undone".
std::string_view load_state_name(LoadState state) noexcept;

/// One load. No secrets.
struct LoadRecord {
  std::string id{};  ///< names the load; part of its tokens
  LoadState state = LoadState::kOpen;
  std::string source{}, target{};  ///< as shown
  std::string target_id{};         ///< tells the target from every other one, also from a later one of the same name
  uint64_t bytes = 0;              ///< stored bytes of the source's files
  std::string stamp{};             ///< times and numbers of the files, as the system tells them
  std::string sha256{};            ///< of the files' bytes; empty while it is not known
  std::string plan{};              ///< as JSON
  std::string receipt{};           ///< as JSON, once finished
  std::string note{};              ///< what the sink needs to know again
  std::optional<uint64_t> target_rows_before{};
  uint64_t begun = 0, ended = 0;  ///< seconds since 1970
};

/// Held while a run works on a load; set free by the destructor, and by the system when the process dies.
class LedgerLock {
 public:
  virtual ~LedgerLock() = default;
};

/// Loads and their blocks. THREADS: every function from any thread. What was put is durable on return.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// Adds a load, or replaces what is known of it.
  virtual Status put(const LoadRecord& load) = 0;
  /// Returns the loads into a target, or all when it is empty, newest first.
  virtual Result<std::vector<LoadRecord>> loads(const std::string& target_id = {}) = 0;
  /// Adds a block of a load, or replaces it.
  virtual Status put(const std::string& load, const BlockRecord& block) = 0;
  /// Returns the blocks of a load by their numbers.
  virtual Result<std::vector<BlockRecord>> blocks(const std::string& load) = 0;
  /// Forgets the blocks of a load, which is then begun again.
  virtual Status forget_blocks(const std::string& load) = 0;
  /// Locks a name for this owner; nothing when another one holds it, and `wait` is false.
  virtual Result<std::unique_ptr<LedgerLock>> lock(const std::string& name, bool wait) = 0;
};

/// Opens a ledger in an SQLite file, which is made if it is missing. ERRORS: kLedgerFailed, also when Flatbed was built
/// without SQLite.
Result<std::shared_ptr<Ledger>> open_ledger(const std::string& path);

/// Returns where the command keeps its ledger: $FLATBED_LEDGER, or flatbed/ledger.sqlite under $XDG_STATE_HOME, which
/// is ~/.local/state where it is not set.
std::string default_ledger_path();

/// Writes a load as JSON, one object.
std::string to_json(const LoadRecord& load);

/// What a sink tells of its blocks while it sends them, and what it is told of an earlier run of the load.
/// THREADS: every function from any thread.
class BlockLog {
 public:
  virtual ~BlockLog() = default;
  /// Names the load: part of its tokens.
  virtual const std::string& load() const noexcept = 0;
  /// Returns what an earlier run has recorded of a block.
  virtual std::optional<BlockRecord> recorded(uint64_t number) const = 0;
  /// Records a block; called before it is sent, and again when it is acknowledged.
  virtual Status record(const BlockRecord& block) = 0;
  /// Returns how many rows the target held before the load.
  virtual std::optional<uint64_t> rows_before() const = 0;
  /// What the sink needs to know again when the load goes on.
  virtual std::string note() const = 0;
  virtual Status set_note(std::string note) = 0;
  /// Forgets every block: the load begins again.
  virtual Status restart() = 0;
};

}  // namespace flatbed
