// Records of JSON that are alike but for their values, as fields of a text file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columns/json_records.hpp"
#include "columns/json_value.hpp"
#include "columns/records.hpp"

namespace flatbed {

/// Finds the plain records of a chunk: objects that have the keys of its first record in the same order, the same bytes
/// between their values, and values that are numbers, words and texts without escapes. All other records are odd, and
/// left to whoever walks JSON. In the index of plain records each value is a field, and so is what stands before it;
/// texts are quoted and `null` means NULL, so that the loops of text files read them. THREADS: one owner.
class PlainRecords {
 public:
  /// Looks at the records of a chunk. Where most are odd, all are. LIFETIME: `text` is looked into later.
  void find(std::string_view text, const std::vector<JsonRecord>& records, JsonDocument& document);
  /// Returns the keys; there are none where all records are odd.
  const std::vector<std::string>& keys() const noexcept { return keys_; }
  /// Returns the numbers of the plain records, in order.
  const std::vector<uint32_t>& plain() const noexcept { return plain_; }
  const std::vector<uint32_t>& odd() const noexcept { return odd_; }
  /// Returns all records of the chunk; the odd ones are misfits. LIFETIME: until the next find().
  Records records() const;
  /// Returns which field of a record the value of a key is.
  static size_t source_of(size_t key) noexcept { return 2 * key + 1; }

 private:
  size_t fields() const noexcept { return 2 * keys_.size(); }
  bool learn(std::string_view record, size_t readable, JsonDocument& document);
  bool add(std::string_view record);

  std::string_view text_{};
  std::vector<std::string> keys_{};
  std::vector<std::string> between_{};  // what stands before each value, and behind the last one
  std::vector<uint32_t> plain_{}, odd_{};
  FieldIndex index_{};
};

}  // namespace flatbed
