// Statistics of a column, batch by batch.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/profile.hpp"

namespace flatbed {

/// Counts values that differ: exactly up to 10,000, then by HyperLogLog with 2^14 registers. Order does not matter.
class DistinctCounter {
 public:
  /// Returns false for a value that is surely known.
  bool add(uint64_t hash) {
    if (!estimated_) return insert(hash);
    note(hash);
    return true;
  }
  uint64_t count() const;
  bool is_exact() const noexcept { return !estimated_; }

 private:
  bool insert(uint64_t hash);
  void grow();
  void estimate();
  void note(uint64_t hash) noexcept;
  static constexpr size_t kMostExact = 10'000;
  static constexpr unsigned kBits = 14;
  bool estimated_ = false;
  size_t known_ = 0;
  std::vector<uint64_t> slots_{};  // a hash, or 0
  std::vector<uint8_t> registers_{};
};

/// The statistics of one column. THREADS: one owner.
class ColumnStatistics {
 public:
  /// Adds the values of a batch. REQUIRES: the same type each time.
  void add(const Column& column);
  /// Fills what was found into a profile; `rows` of the source in all.
  void describe(const ProfileOptions& options, ColumnProfile& into) const;

 private:
  void add_text(std::string_view text);
  void add_texts(const Column& texts);
  template <class T>
  void add_numbers(const Column& column);
  void add_fixed(const Column& column);
  void add_bytes(std::string_view value);
  void keep_sample(std::string text);
  void propose(const ProfileOptions& options, ColumnProfile& into) const;

  uint64_t values_ = 0, nulls_ = 0, longest_ = 0;
  DistinctCounter distinct_{};
  bool any_ = false;
  Type type_{};
  std::string least_{}, most_{};  // bytes of a value, or a text
  std::vector<std::string> samples_{};
  std::unordered_set<std::string> few_{};  // all texts, while there are few of them
  bool many_ = false;
};

}  // namespace flatbed
