// Threads that take tasks one after the other, work on them side by side, and hand the results over in order.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "flatbed/status.hpp"

namespace flatbed {

/// `take` fills the next task and returns false at the end; it is never run by two threads at once. `work` turns a task
/// into a result; it runs on any thread. Each thread has one task, which is used again and again.
/// With one thread everything happens inside next(). THREADS: one owner.
template <class Task, class Done>
class OrderedCrew {
 public:
  using Take = std::function<Result<bool>(Task&, std::stop_token)>;
  using Work = std::function<Done(Task&)>;

  /// At most `slots` results wait at a time.
  OrderedCrew(unsigned threads, size_t slots, Take take, Work work)
      : take_(std::move(take)), work_(std::move(work)), slots_(std::max<size_t>(slots, threads)) {
    if (threads < 2) return;
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this](std::stop_token stop) { run(stop); });
    }
  }

  ~OrderedCrew() {
    for (std::jthread& thread : threads_) thread.request_stop();
    // A thread between its test of the stop and its wait must not miss this.
    {
      const std::lock_guard lock(mutex_);
    }
    changed_.notify_all();
  }

  /// Returns the next result, nothing at the end.
  Result<std::optional<Done>> next(std::stop_token stop) {
    if (stop.stop_requested()) return cancelled();
    if (threads_.empty()) return next_here(stop);
    std::unique_lock lock(mutex_);
    const bool ready = changed_.wait(
        lock, stop, [&] { return broken_ || (waiting_.empty() ? ended_ : waiting_.front().has_value()); });
    if (!ready) return cancelled();
    if (broken_ || waiting_.empty()) return failure_ ? Result<std::optional<Done>>(*failure_) : std::optional<Done>();
    std::optional<Done> done = std::move(waiting_.front());
    waiting_.pop_front();
    ++given_;
    lock.unlock();
    changed_.notify_all();
    return done;
  }

 private:
  static Error cancelled() { return {.code = Code::kCancelled, .message = "the run was cancelled"}; }

  Result<std::optional<Done>> next_here(std::stop_token stop) {
    auto more = take_(own_, stop);
    if (!more) return std::move(more).error();
    if (!*more) return std::optional<Done>();
    return std::optional<Done>(work_(own_));
  }

  void run(std::stop_token stop) {
    try {
      Task task;
      while (const auto number = take(task, stop)) {
        Done done = work_(task);
        const std::lock_guard lock(mutex_);
        waiting_[*number - given_] = std::move(done);
        changed_.notify_all();
      }
    } catch (const std::bad_alloc&) {
      // The task's result will never come, so nothing after it may.
      broken_ = true;
      end(Error{.code = Code::kOutOfMemory, .message = "no memory for the next chunk"});
    }
  }

  // Takes a task and its number, when there is room for its result.
  std::optional<size_t> take(Task& task, std::stop_token stop) {
    const std::lock_guard turn(turn_);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return waiting_.size() < slots_ || ended_; });
      if (ended_ || stop.stop_requested()) return {};
    }
    auto more = take_(task, stop);
    if (!more || !*more) {
      end(more ? std::optional<Error>() : std::move(more).error());
      return {};
    }
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back();
    return given_ + waiting_.size() - 1;
  }

  void end(std::optional<Error> failure) {
    const std::lock_guard lock(mutex_);
    if (!ended_) failure_ = std::move(failure);
    ended_ = true;
    changed_.notify_all();
  }

  Take take_;
  Work work_;
  size_t slots_;
  Task own_{};
  std::mutex turn_{};   // held while a task is taken
  std::mutex mutex_{};  // guards all below
  std::condition_variable_any changed_{};
  std::deque<std::optional<Done>> waiting_{};
  size_t given_ = 0;
  bool ended_ = false;
  std::atomic<bool> broken_ = false;
  std::optional<Error> failure_{};
  std::vector<std::jthread> threads_{};  // last: joined before anything they use goes
};

}  // namespace flatbed
