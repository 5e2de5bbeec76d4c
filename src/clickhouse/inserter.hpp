// Blocks on their way into a table, several at a time.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "clickhouse/blocks.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

// Does the inserts of blocks on threads of its own, at most `connections` at a time; keeps the first failure.
class Inserter {
 public:
  using Insert = std::function<Status(const Block&, std::stop_token)>;
  Inserter(unsigned connections, Insert insert) : connections_(connections), insert_(std::move(insert)) {}
  ~Inserter() { abort(); }
  Inserter(const Inserter&) = delete;
  Inserter& operator=(const Inserter&) = delete;

  // Hands a block over once a thread is free; leaves in `block` an empty one to fill.
  Status put(Block& block, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return failure_ || busy_ < connections_; });
    if (Status status = check(lock, stop); !status) return status;
    ++busy_;
    waiting_.emplace_back(std::move(block));
    block = {};
    if (!spare_.empty()) {
      block.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    if (threads_.size() < connections_) threads_.emplace_back([this] { work(); });
    changed_.notify_all();
    return {};
  }

  // Waits until every block is acknowledged or one has failed.
  Status finish(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return busy_ == 0; });
    return check(lock, stop);
  }

  void abort() noexcept {
    stop_.request_stop();
    threads_.clear();
  }

 private:
  // A failure is told when no insert is under way any more, so that its counts are final.
  Status check(std::unique_lock<std::mutex>& lock, std::stop_token stop) {
    if (failure_) changed_.wait(lock, stop, [this] { return busy_ == 0; });
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled"};
    return failure_ ? Status(*failure_) : Status();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, stop_.get_token(), [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      Block block = std::move(waiting_.back());
      waiting_.pop_back();
      const bool skipped = failure_.has_value();
      lock.unlock();
      Status status = skipped ? Status() : insert_(block, stop_.get_token());
      block.bytes.clear();
      lock.lock();
      spare_.push_back(std::move(block.bytes));
      --busy_;
      if (!status && !failure_) failure_ = std::move(status).error();
      changed_.notify_all();
    }
  }

  const unsigned connections_;
  const Insert insert_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::vector<Block> waiting_{};  // taken by threads that are counted as busy already
  std::vector<std::string> spare_{};
  unsigned busy_ = 0;
  std::optional<Error> failure_{};
  std::stop_source stop_{};
  std::vector<std::jthread> threads_{};
};

}  // namespace flatbed
