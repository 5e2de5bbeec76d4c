// Where rows go: the interface that a connector implements to be written.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/ledger.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/source.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

class Prover;
struct Finding;

/// What the target has confirmed.
struct Acknowledged {
  uint64_t rows = 0;
  uint64_t bytes = 0;   ///< as sent or written
  uint64_t blocks = 0;  ///< inserts, or writes of a file
  friend bool operator==(const Acknowledged&, const Acknowledged&) = default;
};

/// What the pipeline grants a sink.
struct WriteRequest {
  unsigned threads = 0;                     ///< 0: as many as there are cores
  size_t memory_limit = size_t{128} << 20;  ///< most bytes held at a time: the sink's share of a run
  std::optional<Layout> layout{};           ///< of the source, for a sink that keeps its records as they are written
  bool bear_rejects = false;                ///< rows that the target refuses are rejects, not the end of the run
};

/// Takes batches. THREADS: one owner thread; acknowledged() from any thread.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Returns the schema of a target that exists already, whose types then rule; nothing for a new target.
  virtual Result<std::optional<Schema>> existing(std::stop_token stop) = 0;
  /// Tells whether open() could take rows of `schema`, without a change to the target. Used by a check.
  virtual Status accepts(const Schema& schema, std::stop_token stop);
  /// Prepares for rows of `schema`; creates the target where that was asked for.
  virtual Status open(const Schema& schema, const WriteRequest& request, std::stop_token stop) = 0;
  /// Takes a batch; blocks while the target is slower than the source. Not yet durable when it returns.
  virtual Status write(const Batch& batch, std::stop_token stop) = 0;
  /// Makes everything durable and visible.
  virtual Status finish(std::stop_token stop) = 0;
  /// Gives up: a file disappears, a table keeps the blocks that were acknowledged. Does nothing after finish().
  virtual void abort() noexcept = 0;
  virtual Acknowledged acknowledged() const noexcept = 0;
  /// Asks the target how many rows it holds now, for the receipt; nothing where it cannot be asked.
  virtual Result<std::optional<uint64_t>> count_rows(std::stop_token) { return std::optional<uint64_t>{}; }
  /// Returns what tells the target from every other one, also from a later one of the same name; "" where there is no
  /// such thing, or no target yet. A sink that has one tells its blocks to the log it is given.
  virtual Result<std::string> identity(std::stop_token) { return std::string(); }
  /// Gives the sink a log of the load, once, after open(). A block that the log knows as acknowledged is not sent
  /// again.
  virtual Status log_to(std::shared_ptr<BlockLog>, std::stop_token) { return {}; }
  /// Returns the blocks that were acknowledged, by their numbers, for the receipt. REQUIRES: after finish().
  virtual std::vector<BlockRecord> blocks() const { return {}; }
  /// Returns the values that were written otherwise than they are, because the user asked for it. REQUIRES: after
  /// finish().
  virtual std::vector<Finding> leniencies() const;
  /// Returns a sink that looks for rows in this one's target in place of writing them; null where it cannot be asked
  /// for rows.
  virtual std::unique_ptr<Prover> prover();
  /// Hands over the rows that the target has refused since the last call, where it was opened to bear that.
  virtual std::vector<Error> take_rejects() { return {}; }
};

/// Collects batches in memory. LIFETIME: `into` outlives the sink.
std::unique_ptr<Sink> memory_sink(std::vector<Batch>& into);

}  // namespace flatbed
