// A run: source, processors and sink with threads between them, back-pressure, progress, cancel and a receipt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "flatbed/processor.hpp"
#include "flatbed/receipt.hpp"
#include "flatbed/registry.hpp"
#include "flatbed/sink.hpp"
#include "flatbed/source.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

class Load;

/// How far a run is.
struct Progress {
  uint64_t rows_read = 0;
  uint64_t rows_acknowledged = 0;
  uint64_t rows_rejected = 0;
  uint64_t bytes_read = 0;
  std::optional<uint64_t> bytes_total{};
  double seconds = 0;  ///< since the run began
};

/// What a run tells while it works. One interface for the progress line, JSON events, metrics and logs.
struct Event {
  enum class Kind : uint8_t { kStarted, kProgress, kRejected, kFinished };
  Kind kind = Kind::kProgress;
  Progress progress{};
  const Error* reject = nullptr;     ///< kRejected
  const Receipt* receipt = nullptr;  ///< kFinished
};
/// Returns false to cancel; no row moves while it runs. Called from one thread at a time: the one that called run().
using Observer = std::function<bool(const Event&)>;

/// What happens to a row that cannot be carried.
enum class OnReject : uint8_t {
  kFail,    ///< the run ends with the row's error
  kSkip,    ///< the row is counted and left out
  kDivert,  ///< the row goes to the rejects sink
};

/// How many rejects of one kind a run bears.
struct RejectLimit {
  std::string kind{};          ///< the name of a column or of a code, as "FB-TYPE-0103"; empty: any reject
  uint64_t rows = UINT64_MAX;  ///< one more ends the run
  double share = 1;            ///< of the rows read, 0 to 1; judged when all are read
};

struct RunOptions {
  OnReject on_reject = OnReject::kFail;
  uint64_t max_rejects = 1000;              ///< kSkip, kDivert: one more fails the run
  std::vector<RejectLimit> limits{};        ///< kSkip, kDivert: beside max_rejects
  bool check = false;                       ///< everything but the write: the sink is asked, and never opened
  Leniency leniency = Leniency::kAllow;     ///< a check reports at least
  unsigned threads = 0;                     ///< 0: as many as there are cores
  size_t memory_limit = size_t{256} << 20;  ///< for data in flight
  std::function<Status()> at_end{};         ///< asked when the source has ended, before the sink finishes
  /// Fills in where records stand of which the target has told the number alone, in rows that it refused.
  std::function<Status(std::vector<Error>&)> locate{};
  Observer observer{};
  std::stop_token stop{};
};

/// Carries rows once. THREADS: one owner; cancel through RunOptions::stop from any thread.
class Pipeline {
 public:
  Pipeline(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink);
  ~Pipeline();
  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  /// Adds a step after those added before.
  Pipeline& then(std::unique_ptr<Processor> processor);
  /// Sends rejected rows to `sink` as rows of rejects_schema(); used with OnReject::kDivert.
  Pipeline& rejects_to(std::unique_ptr<Sink> sink);
  /// Sets columns and types wanted from the source; a target that exists overrides the types.
  Pipeline& request(ReadRequest request);
  /// Keeps the run in a ledger, where the sink's target can be told from others.
  Pipeline& keep(std::shared_ptr<Load> load);
  /// Runs to the end. On error the sink is aborted first. REQUIRES: called once.
  /// ERRORS: those of source, processors and sink; kCancelled; kTooManyRejects; kUnbalanced.
  Result<Receipt> run(const RunOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The columns of a rejects sink: uri, byte, line, record, column, column_name, code, message, expected, found,
/// raw.
Schema rejects_schema();

/// Whether a missing table is created.
enum class Create : uint8_t { kNever, kIfMissing };

/// A load as a value: everything needed to run it again.
struct Plan {
  Endpoint source{};
  Endpoint target{};
  std::vector<std::string> columns{};                         ///< wanted, in order; empty: all
  std::vector<std::pair<std::string, std::string>> rename{};  ///< after `columns`, old and new name
  std::vector<std::pair<std::string, std::string>> types{};   ///< column and ClickHouse type, chosen by the user
  std::optional<Endpoint> rejects{};                          ///< where rejected rows go; makes on_reject kDivert
  OnReject on_reject = OnReject::kFail;
  uint64_t max_rejects = 1000;
  std::vector<RejectLimit> limits{};
  /// A folder that is made for rejected rows as they stand in the source, to be repaired and replayed; makes on_reject
  /// kDivert.
  std::string quarantine{};
  bool check = false;   ///< everything but the write: every reject and every rewritten value is told
  bool strict = false;  ///< a field that is read leniently or repaired rejects its row
  unsigned threads = 0;
  size_t memory_limit = size_t{256} << 20;
  /// Path of a ledger, which makes a load into a table go on where it was interrupted, and brings a file that is there
  /// already no second time; empty: none.
  std::string ledger{};
  bool again = false;  ///< load a file once more that the ledger knows as loaded
};

/// Writes a plan as JSON, one object, without secrets, ledger and `again`.
std::string to_json(const Plan& plan, const Registry& registry);
/// Reads a plan. ERRORS: kUsage.
Result<Plan> plan_from_json(std::string_view json);

/// Runs a plan: opens both ends, takes types from the target where it exists, loads, checks that the counts balance.
/// With a ledger, a load of the same files into the same table that was interrupted goes on, and one that is finished
/// brings its rows as duplicates. ERRORS with a ledger: kLedgerFailed, kLoadBusy, kLoadDiffers, kUnknownOutcome.
Result<Receipt> copy(const Plan& plan, const Registry& registry, Observer observer = {}, std::stop_token stop = {},
                     std::vector<std::unique_ptr<Processor>> processors = {});

/// What a run of an earlier plan needs beside the ledger, which keeps no secrets.
struct Again {
  std::map<std::string, std::string> source_options{}, target_options{};  ///< passwords and the like
  Observer observer{};
  std::stop_token stop{};
};
/// Goes on with a load that was interrupted; without an id, with the newest one. ERRORS: kNoLoad, those of copy().
Result<Receipt> resume(const std::string& ledger, const std::string& load, const Registry& registry,
                       const Again& again = {});

/// Returns the first rows of an endpoint.
Result<Batch> preview(const Endpoint& source, size_t rows, const Registry& registry, std::stop_token stop = {});

/// Returns the schema of an endpoint; for text files inferred from every row.
Result<Schema> discover(const Endpoint& source, const Registry& registry, std::stop_token stop = {});

/// Returns the CREATE TABLE statement for rows of `schema`. `table` is "name" or "database.name"; `order_by` may be
/// empty.
std::string create_table(const Schema& schema, std::string_view table, const std::vector<std::string>& order_by = {});

}  // namespace flatbed
