// Threads that take tasks one after the other, work on them side by side, and hand the results over in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "flatbed/status.hpp"

namespace flatbed {

/// `take` fills the next task and returns false at the end. `prepare` goes on with it, on any thread, and `settle`
/// after that; `work` then turns the task into a result, on any thread. `take` and `settle` run in the order of the
/// tasks, each never by two threads at once. Each thread has one task, which is used again and again. With one thread
/// everything happens inside next(). THREADS: one owner.
template <class Task, class Done>
class OrderedCrew {
 public:
  using Take = std::function<Result<bool>(Task&, std::stop_token)>;
  using Prepare = std::function<void(Task&)>;
  using Settle = std::function<Status(Task&, std::stop_token)>;
  using Work = std::function<Done(Task&)>;

  /// At most `slots` results wait at a time.
  OrderedCrew(unsigned threads, size_t slots, Take take, Work work, Prepare prepare = {}, Settle settle = {})
      : take_(std::move(take)),
        work_(std::move(work)),
        prepare_(std::move(prepare)),
        settle_(std::move(settle)),
        slots_(std::max<size_t>(slots, threads)) {
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
    turn_changed_.notify_all();
  }

  /// Returns the next result, nothing at the end.
  Result<std::optional<Done>> next(std::stop_token stop) {
    if (stop.stop_requested()) return cancelled();
    if (threads_.empty()) return next_here(stop);
    std::unique_lock lock(mutex_);
    const bool ready = result_.wait(lock, stop, [&] { return first_is_done() || given_ == end_; });
    if (!ready) return cancelled();
    if (given_ == end_) return failure_ ? Result<std::optional<Done>>(*failure_) : std::optional<Done>();
    std::optional<Done> done = std::move(waiting_.front());
    waiting_.pop_front();
    ++given_;
    lock.unlock();
    turn_changed_.notify_all();
    return done;
  }

 private:
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();
  static Error cancelled() { return {.code = Code::kCancelled, .message = "the run was cancelled"}; }
  bool first_is_done() const { return !waiting_.empty() && waiting_.front().has_value(); }

  Result<std::optional<Done>> next_here(std::stop_token stop) {
    auto more = take_(own_, stop);
    if (!more) return std::move(more).error();
    if (!*more) return std::optional<Done>();
    if (prepare_) prepare_(own_);
    if (settle_) {
      if (Status status = settle_(own_, stop); !status) return std::move(status).error();
    }
    return std::optional<Done>(work_(own_));
  }

  void run(std::stop_token stop) {
    try {
      Task task;
      while (const auto number = take(task, stop)) {
        if (prepare_) prepare_(task);
        if (settle_ && !settle(task, *number, stop)) return;
        put(*number, work_(task));
      }
    } catch (const std::bad_alloc&) {
      // The task's result will never come, so nothing after it may.
      const std::lock_guard lock(mutex_);
      end(given_, Error{.code = Code::kOutOfMemory, .message = "no memory for the next chunk"});
    }
  }

  // Takes a task and its number, when there is room for its result.
  std::optional<size_t> take(Task& task, std::stop_token stop) {
    const std::lock_guard turn(turn_);
    {
      std::unique_lock lock(mutex_);
      turn_changed_.wait(lock, stop, [&] { return waiting_.size() < slots_ || end_ != kNever; });
      if (end_ != kNever || stop.stop_requested()) return {};
    }
    auto more = take_(task, stop);
    const std::lock_guard lock(mutex_);
    const size_t number = given_ + waiting_.size();
    if (more && *more && number < end_) {
      waiting_.emplace_back();
      return number;
    }
    end(number, more ? std::optional<Error>() : std::move(more).error());
    return {};
  }

  // Settles a task when all before it are; false when there is no more use in it.
  bool settle(Task& task, size_t number, std::stop_token stop) {
    {
      std::unique_lock lock(mutex_);
      turn_changed_.wait(lock, stop, [&] { return settled_ == number || number >= end_; });
      if (number >= end_ || stop.stop_requested()) return false;
    }
    Status status = settle_(task, stop);
    const std::lock_guard lock(mutex_);
    if (!status) end(number, std::move(status).error());
    ++settled_;
    turn_changed_.notify_all();
    return number < end_;
  }

  void put(size_t number, Done done) {
    const std::lock_guard lock(mutex_);
    if (number >= end_) return;
    waiting_[number - given_] = std::move(done);
    if (number == given_) result_.notify_all();
  }

  // Lets the results end before that of task `number`. REQUIRES: mutex_ is held.
  void end(size_t number, std::optional<Error> failure) {
    if (number >= end_) return;
    end_ = number;
    failure_ = std::move(failure);
    waiting_.resize(number - given_);
    result_.notify_all();
    turn_changed_.notify_all();
  }

  Take take_;
  Work work_;
  Prepare prepare_;
  Settle settle_;
  size_t slots_;
  Task own_{};
  std::mutex turn_{};   // held while a task is taken
  std::mutex mutex_{};  // guards all below
  std::condition_variable_any result_{}, turn_changed_{};
  std::deque<std::optional<Done>> waiting_{};
  size_t given_ = 0;
  size_t settled_ = 0;
  size_t end_ = kNever;  // the task before which the results end
  std::optional<Error> failure_{};
  std::vector<std::jthread> threads_{};  // last: joined before anything they use goes
};

}  // namespace flatbed
