// Slabs and what is cut from them. Invariant: a slab is on the shelf or in somebody's hands, never both.
#include "bytes/slabs.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace flatbed {

struct Slabs::Shelf {
  explicit Shelf(size_t most) { idle.reserve(most); }
  std::mutex mutex{};
  std::vector<Buffer> idle{};  // up to its capacity
};

Slabs::Slabs(size_t bytes, size_t most_idle) : bytes_(bytes), shelf_(std::make_shared<Shelf>(most_idle)) {}

Buffer Slabs::take() {
  Buffer slab;
  {
    const std::lock_guard lock(shelf_->mutex);
    if (!shelf_->idle.empty()) {
      slab = std::move(shelf_->idle.back());
      shelf_->idle.pop_back();
    }
  }
  if (slab.empty()) slab = Buffer::allocate(bytes_);
  const std::byte* const data = slab.data();
  auto put_back = [slab = std::move(slab), shelf = std::weak_ptr(shelf_)](const void*) mutable {
    const auto here = shelf.lock();
    if (here == nullptr) return;
    const std::lock_guard lock(here->mutex);
    if (here->idle.size() < here->idle.capacity()) here->idle.push_back(std::move(slab));
  };
  return Buffer::wrap(data, bytes_, std::shared_ptr<const void>(data, std::move(put_back)));
}

namespace {

// An eighth of a slab at most is lost at its end.
constexpr size_t kShare = 8;
constexpr size_t kAlignment = 64;

size_t padded(size_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

// Begins a slab; false when `bytes` are too many for one.
bool Room::renew(size_t bytes) {
  while (next_ < kMostBytes && bytes > next_ / kShare) next_ = std::min(2 * next_, kMostBytes);
  if (bytes > next_ / kShare) return false;
  slab_ = next_ == kMostBytes ? slabs_.take() : Buffer::allocate(next_);
  next_ = std::min(2 * next_, kMostBytes);
  used_ = 0;
  return true;
}

Buffer Room::take(size_t bytes) {
  const size_t wanted = padded(bytes);
  const bool fits = !slab_.empty() && wanted <= left();
  if (!fits && !renew(wanted)) return Buffer::allocate(bytes);
  Buffer part = slab_.slice(used_, bytes);
  used_ = std::min(used_ + wanted, slab_.size());
  return part;
}

Buffer Room::take_rest(size_t least) {
  if (least > left() && !renew(least)) return Buffer::allocate(least);
  return slab_.slice(used_, left());
}

void Room::keep(Buffer& rest, size_t bytes) {
  if (rest.data() == slab_.data() + used_) used_ = std::min(used_ + padded(bytes), slab_.size());
  rest.truncate(bytes);
}

}  // namespace flatbed
