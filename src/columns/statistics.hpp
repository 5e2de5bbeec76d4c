// Statistics of a column, batch by batch.
#pragma once

#include <array>
#include <cstdint>
#include <span>
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
  /// Adds values by their hashes; calls fresh(i) for each that is new for certain. Returns how many were counted
  /// exactly: whether those after them are new is not known.
  template <class Fresh>
  size_t add(std::span<const uint64_t> hashes, Fresh fresh) {
    size_t at = 0;
    for (; at < hashes.size() && !estimated_; ++at) {
      const uint64_t hash = hash_in_slot(hashes[at]);
      if (!slots_.empty() && slots_[place_of(hash)] == hash) continue;
      insert(hash);
      fresh(at);
    }
    note(hashes.subspan(at));
    return at;
  }
  uint64_t count() const;
  bool is_exact() const noexcept { return !estimated_; }

 private:
  // 0 stands for an empty slot.
  static uint64_t hash_in_slot(uint64_t hash) noexcept { return hash + (hash == 0); }
  // Where a hash is, or is to be put.
  size_t place_of(uint64_t hash) const noexcept {
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    return at;
  }
  void insert(uint64_t hash);
  void grow();
  void estimate();
  void note(std::span<const uint64_t> hashes) noexcept;
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
  void learn_text(std::string_view text);
  void add_texts(const Column& texts);
  template <class T>
  void add_numbers(const Column& column);
  template <class T>
  void count_numbers(std::span<const T> tile);
  void add_fixed(const Column& column);
  void add_bytes(std::string_view value);
  void keep_sample(std::string text);
  void propose(const ProfileOptions& options, ColumnProfile& into) const;

  uint64_t values_ = 0, nulls_ = 0, longest_ = 0;
  DistinctCounter distinct_{};
  std::vector<uint8_t> marks_{};  // of numbers of one or two bytes, whether each was there
  bool any_ = false;
  Type type_{};
  std::string least_{}, most_{};  // bytes of a value, or a text
  uint64_t least_head_ = 0, most_head_ = 0;
  std::vector<std::string> samples_{};
  std::unordered_set<std::string> few_{};  // all texts, while there are few of them
  bool many_ = false;
};

}  // namespace flatbed
