// What an error of a statement means for sending it again, and how long to wait before.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <stop_token>

#include "flatbed/status.hpp"

namespace flatbed {

enum class ErrorClass : uint8_t {
  kFatal,      ///< the same statement fails again
  kNotSent,    ///< the server never had it: may be sent again
  kTransient,  ///< the server refused it for now, and nothing was written
  kTooLarge,   ///< the server lacks memory for it, or it touches too many partitions: fewer rows may pass
  kRefused,    ///< rows of it break a rule of the table; nothing was written
  kUnknown,    ///< it may have been carried out
};

/// The one table of error classes.
ErrorClass error_class(const Error& error) noexcept;

/// Tells whether an INSERT was refused because its rows belong to more partitions than one may touch.
bool too_many_partitions(const Error& error) noexcept;

/// Pauses that grow from half a second to half a minute, each cut by chance so that many clients do not come back at
/// once. THREADS: one owner.
class Backoff {
 public:
  /// Waits. Returns false when there were `most` pauses already, or `stop` was requested.
  bool wait(std::stop_token stop);
  static constexpr unsigned kMost = 6;

 private:
  unsigned pauses_ = 0;
  std::minstd_rand chance_{std::random_device{}()};
};

}  // namespace flatbed
