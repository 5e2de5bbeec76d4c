// Bytes that the caller holds. Enters: a view, and who keeps it alive. Leaves: parts of that view. Invariant: nothing
// is copied.
#include <algorithm>

#include "flatbed/bytes.hpp"

namespace flatbed {
namespace {

class MemoryBytes final : public ByteSource {
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
