// Reading one table by several connections at a time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "clickhouse/table.hpp"
#include "columns/queue.hpp"
#include "flatbed/batch.hpp"

namespace flatbed {

/// Returns conditions in SQL of which every row of the table meets exactly one, about as many rows each; fewer than
/// `count` where the table is small, and none where its sorting key does not allow it. They look at values alone: a
/// merge or an insert while they are in use moves no row from one to another.
Result<std::vector<std::string>> share_conditions(const ClickHouseServer& server, const TableAddress& table,
                                                  unsigned count, std::stop_token stop);

/// Runs several SELECTs at a time, and gives their batches as they come. THREADS: next() from one thread.
class ShareReader {
 public:
  ShareReader(const ClickHouseServer& server, std::vector<std::string> queries, size_t memory_limit);
  ~ShareReader();
  ShareReader(const ShareReader&) = delete;
  ShareReader& operator=(const ShareReader&) = delete;
  /// Returns a batch, or nothing when every query has ended.
  Result<std::optional<Batch>> next(std::stop_token stop);
  uint64_t received_bytes() const noexcept { return received_; }

 private:
  void read(const std::string& sql);
  Status carry(const std::string& sql);

  const ClickHouseServer server_;
  Queue<Batch> queue_;
  const size_t block_memory_;  // of one query
  std::atomic<uint64_t> received_{0};
  std::atomic<size_t> running_;
  std::mutex mutex_{};  // guards what follows
  std::optional<Error> failure_{};
  std::stop_source stop_{};
  std::vector<std::jthread> threads_{};  // last: they use what stands above
};

}  // namespace flatbed
