// Bytes handed out in pieces of one size, so that a reader meets every border; and the golden blocks.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "encode/native.hpp"

namespace flatbed {

class Pieces : public ByteSource {
 public:
  Pieces(std::string text, size_t piece) : text_(std::move(text)), piece_(piece) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    const size_t bytes = std::min({most, piece_, text_.size() - at_});
    Buffer buffer = Buffer::allocate(bytes);
    std::memcpy(buffer.writable(), text_.data() + at_, bytes);
    at_ += bytes;
    return buffer;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::string text_;
  size_t piece_;
  size_t at_ = 0;
  std::string uri_ = "test:";
};

inline std::string golden(const std::string& name) {
  std::ifstream file(FLATBED_SOURCE_DIR "/tests/encode/golden/" + name + ".native", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_MESSAGE(!text.empty(), name);
  return text;
}

inline Result<std::vector<Batch>> read_blocks(const std::string& text, size_t piece = 1 << 20) {
  NativeReader reader(std::make_unique<Pieces>(text, piece));
  std::vector<Batch> batches;
  while (true) {
    auto batch = reader.next({});
    if (!batch) return batch.error();
    if (!*batch) return batches;
    batches.push_back(std::move(**batch));
  }
}

}  // namespace flatbed
