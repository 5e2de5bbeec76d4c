// Any bytes as Native blocks: an error or batches, the same for every cut; batches are written and read again.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "encode/encoder.hpp"
#include "encode/native.hpp"

using namespace flatbed;

namespace {

class Pieces : public ByteSource {
 public:
  Pieces(std::string_view bytes, size_t piece) : bytes_(bytes), piece_(piece) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    const std::string_view part = bytes_.substr(at_, std::min(most, piece_));
    at_ += part.size();
    Buffer buffer = Buffer::allocate(part.size());
    if (!part.empty()) std::memcpy(buffer.writable(), part.data(), part.size());
    return buffer;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::string_view bytes_;
  size_t piece_;
  size_t at_ = 0;
  std::string uri_ = "fuzz:";
};

// Everything that was read, as blocks, then the error if there is one.
std::string outcome(std::string_view bytes, size_t piece) {
  NativeReader reader(std::make_unique<Pieces>(bytes, piece));
  std::string out;
  while (true) {
    auto batch = reader.next({});
    if (!batch) return out + to_string(batch.error());
    if (!*batch) return out;
    encode_native(**batch, out);
    std::string text;
    (void)csv_encoder({})->encode(**batch, text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = outcome(bytes, 1 << 20);
  if (whole != outcome(bytes, 1) || whole != outcome(bytes, 7)) std::abort();
  return 0;
}
