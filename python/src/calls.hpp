// How a call from Python becomes a call of the library: errors, waiting, options and endpoints.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <flatbed/flatbed.hpp>
#include <mutex>
#include <optional>
#include <thread>

namespace flatbed::python {

namespace py = pybind11;

// ---- Errors ----

// Text that may quote data: bytes that are not UTF-8 are shown as \xNN.
py::str shown(std::string_view text);
// The exception that stands for an error.
py::object exception_of(const Error& error);
[[noreturn]] void raise(const Error& error);

template <class T>
T value_of(Result<T> result) {
  if (!result) raise(result.error());
  return *std::move(result);
}

inline void check(Status status) {
  if (!status) raise(status.error());
}

// ---- Waiting ----

inline constexpr auto kTick = std::chrono::milliseconds(100);

// The first exception of Python code that ran for a pipeline; it is what the caller gets to see.
struct Raised {
  std::mutex mutex{};
  std::optional<py::error_already_set> first{};

  // REQUIRES: the GIL.
  void keep(py::error_already_set exception) {
    const std::lock_guard lock(mutex);
    if (!first) first.emplace(std::move(exception));
  }
};

// Between the thread that works and the one that shows. The work waits while its progress is shown, so that a callback
// that waits pauses it.
struct Waiting {
  std::mutex mutex{};
  std::condition_variable changed{};
  bool done = false;
  bool shows = false;                  // the callback runs
  std::optional<Progress> progress{};  // not yet shown

  bool wait(std::optional<Progress>& fresh) {
    std::unique_lock lock(mutex);
    const bool ended = changed.wait_for(lock, kTick, [&] { return done; });
    fresh = std::exchange(progress, std::nullopt);
    shows = fresh.has_value();
    return ended;
  }
  void go_on() {
    const std::lock_guard lock(mutex);
    shows = false;
    changed.notify_all();
  }
  void show(const Progress& latest) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !shows; });
    progress = latest;
  }
  void end() {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_all();
  }
};

// Asks Python for signals and shows progress. REQUIRES: the GIL.
void look_up(const std::optional<Progress>& fresh, const py::object& progress);

// Whoever ends a run in the moment in which it has ended by itself learns so: what was raised has its receipt.
template <class Outcome>
void tell_outcome(const Outcome&, Raised&) {}
inline void tell_outcome(const Result<Receipt>& outcome, Raised& raised) {
  if (outcome) raised.first->value().attr("receipt") = py::cast(*outcome);
}

// Runs `work(stop, waiting)` in a thread and returns its result. When a signal or the progress callback raises, the
// work is stopped and joined, and what was raised goes on. REQUIRES: the GIL.
template <class Work>
auto waiting_for(Work work, Raised& raised, std::stop_source stop, const py::object& progress = py::none()) {
  using Outcome = decltype(work(stop.get_token(), std::declval<Waiting&>()));
  std::optional<Outcome> outcome;
  std::exception_ptr thrown;
  Waiting waiting;
  std::thread worker([&] {
    try {
      outcome.emplace(work(stop.get_token(), waiting));
    } catch (...) {
      thrown = std::current_exception();
    }
    waiting.end();
  });
  {
    const py::gil_scoped_release released;
    std::optional<Progress> fresh;
    for (bool ended = false; !ended; waiting.go_on()) {
      ended = waiting.wait(fresh);
      if (stop.stop_requested() || (ended && !fresh)) continue;
      const py::gil_scoped_acquire acquired;
      try {
        look_up(fresh, progress);
      } catch (py::error_already_set& exception) {
        raised.keep(std::move(exception));
        stop.request_stop();
      }
    }
    worker.join();
  }
  if (raised.first && outcome) tell_outcome(*outcome, raised);
  if (raised.first) throw std::move(*raised.first);
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(outcome);
}

template <class Work>
auto waiting_for(Work work) {
  Raised raised;
  return waiting_for([&](std::stop_token stop, Waiting&) { return work(stop); }, raised, {});
}

// ---- Options ----

using Pairs = std::map<std::string, std::string>;

// The options of a dict as the library takes them; None is left out, a list becomes a quoted list.
Pairs option_pairs(const py::object& options);
// The option "token" where it is a callable, which is asked for a token when one is needed.
TokenSource token_source(const py::object& options);
std::vector<std::pair<std::string, std::string>> name_pairs(const py::object& names);
const Registry& builtins();

// ---- Endpoints ----

// An endpoint that a caller gave as an object, and the registry that knows it.
struct Given {
  Registry registry = builtins();
  Endpoint endpoint{};
};

// The bytes of a Python object, held until the last view of them is gone.
std::pair<std::string_view, std::shared_ptr<const void>> bytes_of(const py::handle& object);
// A path, an address, bytes, or anything that exports Arrow.
Given given_source(const py::object& source, const py::object& options);
Endpoint target_of(const py::object& target, const py::object& options);
// The text of a path; None stays None.
py::object path_of(const py::object& path);

}  // namespace flatbed::python
