// Bytes that the caller holds. Enters: a view, and who keeps it alive. Leaves: parts of that view. Invariant: nothing
// is copied.
#include <algorithm>

#include "bytes/placed.hpp"

namespace flatbed {
namespace {

class MemoryBytes final : public PlacedBytes {
 public:
  MemoryBytes(std::string_view bytes, std::string uri, std::shared_ptr<const void> owner)
      : uri_(std::move(uri)), all_(Buffer::wrap(bytes.data(), bytes.size(), std::move(owner))) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    Buffer part = all_.slice(at_, std::min(most, all_.size() - at_));
    at_ += part.size();
    return part;
  }
  const std::string& uri() const noexcept override { return uri_; }
  std::optional<uint64_t> total_bytes() const noexcept override { return all_.size(); }
  uint64_t consumed_bytes() const noexcept override { return at_; }
  std::optional<uint64_t> size() const noexcept override { return all_.size(); }
  Result<Buffer> read_at(uint64_t byte, size_t most, Slabs&) const override {
    const auto from = static_cast<size_t>(std::min<uint64_t>(byte, all_.size()));
    return all_.slice(from, std::min(most, all_.size() - from));
  }
  Status unchanged() const override { return {}; }

 private:
  std::string uri_;
  Buffer all_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> memory_bytes(std::string_view bytes, std::string uri, std::shared_ptr<const void> owner) {
  return std::make_unique<MemoryBytes>(bytes, std::move(uri), std::move(owner));
}

}  // namespace flatbed
