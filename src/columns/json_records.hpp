// Where the records of a JSON text begin and end: lines, or values one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/status.hpp"

namespace flatbed {

/// How values stand in a text.
enum class JsonLayout : uint8_t {
  kLines,   ///< one a line
  kValues,  ///< the elements of one array, objects one after the other, or one value
};

/// The bytes of a record, without spaces around it.
struct JsonRecord {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t line = 0;  ///< lines that end before it
};

/// Cuts a text that comes in parts. It looks at brackets, commas between records and quotes alone: the rest is for
/// others.
/// The cuts do not depend on the parts. THREADS: one owner.
class JsonCutter {
 public:
  explicit JsonCutter(JsonLayout layout) : layout_(layout) {}
  /// Finds up to `most` records that end within `text`, which begins where the text before was left; returns how many
  /// bytes are done with. `whole` says that the text ends here. ERRORS: kBadJson, its byte counted from the begin of
  /// `text`.
  Result<size_t> cut(std::string_view text, bool whole, size_t most, std::vector<JsonRecord>& records);

 private:
  // What has been read of kValues, and so what may come.
  enum class Place : uint8_t {
    kStart,
    kArray,    // behind [
    kElement,  // behind a comma
    kBehind,   // behind an element
    kObjects,  // behind an object that stands alone: another one may follow
    kEnd       // behind the array or the one value
  };
  size_t cut_lines(std::string_view text, bool whole, size_t most, std::vector<JsonRecord>& records) const;
  Result<size_t> cut_values(std::string_view text, bool whole, size_t most, std::vector<JsonRecord>& records);
  bool take_sign(char c);
  Result<size_t> next_value(std::string_view text, size_t begin, bool whole);
  Result<size_t> end_of_value(std::string_view text, size_t begin, bool whole);
  Result<size_t> end_of_brackets(std::string_view text, size_t begin, bool whole);
  Status check_end(size_t at) const;

  JsonLayout layout_;
  Place place_ = Place::kStart;
  std::string open_{};  // the brackets that are open within a value
};

}  // namespace flatbed
