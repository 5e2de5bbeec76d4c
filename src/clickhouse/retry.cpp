// Sending again. Enters: an error. Leaves: its class, and a pause.
#include "clickhouse/retry.hpp"

#include <algorithm>

#include "bytes/http.hpp"

namespace flatbed {
namespace {

struct Known {
  int64_t code;  // ClickHouse's
  ErrorClass is;
};

constexpr Known kKnown[] = {
    {6, ErrorClass::kRefused},      // CANNOT_PARSE_TEXT, by a DEFAULT or a view
    {27, ErrorClass::kRefused},     // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    {38, ErrorClass::kRefused},     // CANNOT_PARSE_DATE
    {41, ErrorClass::kRefused},     // CANNOT_PARSE_DATETIME
    {72, ErrorClass::kRefused},     // CANNOT_PARSE_NUMBER
    {153, ErrorClass::kRefused},    // ILLEGAL_DIVISION
    {159, ErrorClass::kUnknown},    // TIMEOUT_EXCEEDED: some partitions may be written
    {202, ErrorClass::kTransient},  // TOO_MANY_SIMULTANEOUS_QUERIES
    {209, ErrorClass::kUnknown},    // SOCKET_TIMEOUT
    {210, ErrorClass::kUnknown},    // NETWORK_ERROR
    {236, ErrorClass::kUnknown},    // ABORTED, as a server that shuts down says
    {241, ErrorClass::kTooLarge},   // MEMORY_LIMIT_EXCEEDED
    {242, ErrorClass::kUnknown},    // TABLE_IS_READ_ONLY, until its keeper is back
    {252, ErrorClass::kTransient},  // TOO_MANY_PARTS: merges make room
    {319, ErrorClass::kUnknown},    // UNKNOWN_STATUS_OF_INSERT
    {321, ErrorClass::kRefused},    // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    {349, ErrorClass::kRefused},    // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    {394, ErrorClass::kUnknown},    // QUERY_WAS_CANCELLED
    {395, ErrorClass::kRefused},    // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
    {407, ErrorClass::kRefused},    // DECIMAL_OVERFLOW
    {425, ErrorClass::kUnknown},    // SYSTEM_ERROR
    {469, ErrorClass::kRefused},    // VIOLATED_CONSTRAINT
    {999, ErrorClass::kUnknown},    // KEEPER_EXCEPTION
};

}  // namespace

ErrorClass error_class(const Error& error) noexcept {
  if (error.code == Code::kConnect) return ErrorClass::kNotSent;
  if (error.code == Code::kConnectionLost || error.code == Code::kTimeout) return ErrorClass::kUnknown;
  if (error.code != Code::kServer) return ErrorClass::kFatal;
  if (too_many_partitions(error)) return ErrorClass::kTooLarge;
  const auto* known =
      std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return k.code == error.native_code; });
  return known == std::end(kKnown) ? ErrorClass::kFatal : known->is;
}

// It has the code of TOO_MANY_PARTS, and is told apart by its words.
bool too_many_partitions(const Error& error) noexcept {
  return error.native_code == 252 && error.message.find("partitions for single INSERT") != std::string::npos;
}

bool Backoff::wait(std::stop_token stop) {
  if (pauses_ == kMost || stop.stop_requested()) return false;
  const double ceiling = std::min(30.0, 0.25 * static_cast<double>(2u << pauses_++));
  return pause(std::chrono::duration<double>(ceiling * std::uniform_real_distribution<double>(0.5, 1)(chance_)), stop);
}

}  // namespace flatbed
