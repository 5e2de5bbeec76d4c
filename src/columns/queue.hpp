// A bounded queue between two threads: the one that is ahead waits, which is all of the back-pressure there is.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace flatbed {

template <class T>
class Queue {
 public:
  explicit Queue(size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Adds an item that holds `bytes`; waits while the queue is full. An item larger than the queue passes alone.
  /// Returns false when `stop` was requested instead.
  bool push(T item, size_t bytes, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return items_.empty() || bytes_ + bytes <= most_bytes_; });
    if (stop.stop_requested()) return false;
    bytes_ += bytes;
    items_.emplace_back(std::move(item), bytes);
    changed_.notify_all();
    return true;
  }

  /// Tells that nothing more will be pushed.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  /// Returns the next item; nothing once the queue is closed and empty, or when `stop` was requested.
  std::optional<T> pop(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
    if (stop.stop_requested() || items_.empty()) return std::nullopt;
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    changed_.notify_all();
    return std::move(item);
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::pair<T, size_t>> items_;
  size_t bytes_ = 0;
  const size_t most_bytes_;
  bool closed_ = false;
};

}  // namespace flatbed
