// Where rows come from: the interface that a connector implements to be read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// How far a source was read or a sink was filled.
struct Position {
  uint64_t bytes = 0;    ///< stored bytes (compressed, where they are)
  uint64_t records = 0;  ///< rows, rejected ones included
  friend bool operator==(const Position&, const Position&) = default;
};

/// What the pipeline asks of a source before it reads.
struct ReadRequest {
  std::vector<std::string> columns{};       ///< the columns wanted, in this order; empty: all
  Schema types{};                           ///< types wanted, by name, for sources that read text; others: their own
  bool head_only = false;                   ///< only the first rows are wanted: types may come from the head alone
  unsigned threads = 0;                     ///< 0: as many as there are cores
  size_t memory_limit = size_t{256} << 20;  ///< most bytes held at a time, for the source's share of a run
};

/// A batch, and the records of its range that could not become rows.
/// batch.origin().records == batch.rows() + rejects.size(), for a batch that comes from a source.
struct Delivery {
  Batch batch{};
  std::vector<Error> rejects{};  ///< in record order; `raw` holds the whole record
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
};

/// Makes a source of batches in memory. REQUIRES: every batch has `schema`.
std::unique_ptr<Source> memory_source(Schema schema, std::vector<Batch> batches);
/// Makes a source of a function that returns the next batch or nothing at the end.
std::unique_ptr<Source> generated_source(Schema schema, std::function<Result<std::optional<Batch>>()> next);

}  // namespace flatbed
