// Where rows come from: the interface that a connector implements to be read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/receipt.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// How far a source was read or a sink was filled.
struct Position {
  uint64_t bytes = 0;    ///< stored bytes (compressed, where they are)
  uint64_t records = 0;  ///< rows, rejected ones included
  friend bool operator==(const Position&, const Position&) = default;
};

/// What happens to a field that is carried as a value although it is written otherwise, as 007 in a column of numbers.
enum class Leniency : uint8_t {
  kAllow,   ///< the value is carried
  kReport,  ///< the value is carried and counted; COST: every value is written again and compared
  kReject,  ///< the row is a reject, also where a repair was asked for
};

/// How a text source writes its records, so that a file of some of them can be read as it was.
struct Layout {
  std::string header{};                          ///< the header as it stands, its line end included; or empty
  std::string newline = "\n";                    ///< the line end of a record
  std::map<std::string, std::string> options{};  ///< of the file connector: nothing is left to detection
};

/// What the pipeline asks of a source before it reads.
struct ReadRequest {
  std::vector<std::string> columns{};       ///< the columns wanted, in this order; empty: all
  Schema types{};                           ///< types wanted, by name, for sources that read text; others: their own
  Leniency leniency = Leniency::kAllow;     ///< what happens to fields that are read leniently
  bool head_only = false;                   ///< only the first rows are wanted: types may come from the head alone
  unsigned threads = 0;                     ///< 0: as many as there are cores
  size_t memory_limit = size_t{256} << 20;  ///< most bytes held at a time, for the source's share of a run
};

/// A batch, and the records of its range that could not become rows.
/// batch.origin().records == batch.rows() + rejects.size(), for a batch that comes from a source.
struct Delivery {
  Batch batch{};
  std::vector<Error> rejects{};  ///< in record order; `raw` holds the whole record
  std::vector<Finding> leniencies{};
};

/// Gives batches, one after the other. THREADS: one owner thread; position() from any thread.
class Source {
 public:
  virtual ~Source() = default;
  /// Opens and returns the schema that every batch will have. Called once, before next().
  virtual Result<Schema> open(const ReadRequest& request, std::stop_token stop) = 0;
  /// Returns the next rows, or nothing at the end. ERRORS: kCancelled soon after `stop`.
  virtual Result<std::optional<Delivery>> next(std::stop_token stop) = 0;
  virtual Position position() const noexcept = 0;
  /// Returns the stored bytes in all, when known; for progress.
  virtual std::optional<uint64_t> total_bytes() const noexcept { return std::nullopt; }
  /// Returns the settings that were used and who chose them, for the receipt: ("delimiter", "',' (detected)").
  virtual std::vector<std::pair<std::string, std::string>> settings() const { return {}; }
  /// Tells how the records are written, once the source is open; nothing where they are not text.
  virtual std::optional<Layout> layout() const { return std::nullopt; }
};

/// Makes a source of batches in memory. REQUIRES: every batch has `schema`.
std::unique_ptr<Source> memory_source(Schema schema, std::vector<Batch> batches);
/// Makes a source of a function that returns the next batch or nothing at the end.
std::unique_ptr<Source> generated_source(Schema schema, std::function<Result<std::optional<Batch>>()> next);

}  // namespace flatbed
