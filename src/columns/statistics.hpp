// Statistics of a column, batch by batch.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/profile.hpp"

namespace flatbed {

/// Counts values that differ: exactly up to 10,000, then by HyperLogLog with 2^14 registers. Order does not matter.
class DistinctCounter {
 public:
  void add(uint64_t hash);
  uint64_t count() const;
  bool is_exact() const noexcept { return !estimated_; }

 private:
  void note(uint64_t hash) noexcept;
  static constexpr size_t kMostExact = 10'000;
  static constexpr unsigned kBits = 14;
  bool estimated_ = false;
  std::unordered_set<uint64_t> hashes_{};
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
  void add_fixed(const Column& column, size_t row);
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
