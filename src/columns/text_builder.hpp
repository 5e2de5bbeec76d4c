// Text columns made value by value.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "flatbed/batch.hpp"

namespace flatbed {

/// Collects the views and texts of a column. REQUIRES: no value is longer than 2 GiB.
class TextBuilder {
 public:
  /// `rows` is how many values are expected.
  explicit TextBuilder(size_t rows) : views_(Buffer::allocate(rows * sizeof(TextView))) {}

  void add(std::string_view text) {
    if (text.empty()) return add_null();
    if (text.size() <= TextView::kInlineBytes) return add(TextView::of(text, 0, 0));
    if (texts_.empty() || texts_.back().size() - used_ < text.size()) start(text.size());
    std::memcpy(texts_.back().writable() + used_, text.data(), text.size());
    add(TextView::of(text, static_cast<uint32_t>(texts_.size() - 1), static_cast<uint32_t>(used_)));
    used_ += text.size();
  }
  void add_null() { add(TextView()); }
  /// Forgets the values after the first `rows`.
  void rewind(size_t rows) noexcept { added_ = rows; }

  /// Gives views and texts to `column`.
  void finish(Column& column) && {
    if (!texts_.empty()) texts_.back().truncate(used_);
    views_.truncate(added_ * sizeof(TextView));
    column.values = std::move(views_);
    column.texts = std::move(texts_);
  }

 private:
  void add(const TextView& view) {
    if ((added_ + 1) * sizeof(TextView) > views_.size()) [[unlikely]]
      grow();
    std::memcpy(views_.writable() + added_ * sizeof(TextView), &view, sizeof(view));
    ++added_;
  }

  void grow() {
    constexpr size_t kLeast = 64 * sizeof(TextView);
    Buffer larger = Buffer::allocate(std::max(kLeast, 2 * views_.size()));
    if (!views_.empty()) std::memcpy(larger.writable(), views_.data(), views_.size());
    views_ = std::move(larger);
  }

  void start(size_t least) {
    constexpr size_t kFirst = size_t{1} << 12, kMost = size_t{1} << 20;
    if (!texts_.empty()) texts_.back().truncate(used_);
    texts_.push_back(Buffer::allocate(std::max(least, next_)));
    next_ = std::clamp(2 * next_, kFirst, kMost);
    used_ = 0;
  }

  Buffer views_;
  std::vector<Buffer> texts_{};
  size_t added_ = 0;
  size_t used_ = 0;
  size_t next_ = 0;
};

}  // namespace flatbed
