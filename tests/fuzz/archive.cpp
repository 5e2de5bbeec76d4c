// Any bytes unpack, within the limit, or end in one error; and the size of the reads changes nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bytes/archive.hpp"

using namespace flatbed;

namespace {

constexpr uint64_t kLimit = uint64_t{1} << 20;

struct Outcome {
  Code code = Code::kOk;
  std::string bytes{};
};

Outcome unpacked(std::string_view stored, size_t most) {
  auto source = unpack(memory_bytes(stored), {.unpack_limit = kLimit}, {});
  if (!source) return {source.error().code};
  Outcome outcome;
  for (;;) {
    const auto part = (*source)->read(most, {});
    if (!part) return {part.error().code};
    if (part->empty()) return outcome;
    if (part->size() > most) std::abort();
    outcome.bytes += part->text();
    if (outcome.bytes.size() > std::max<uint64_t>(kLimit, stored.size())) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  const Outcome large = unpacked(stored, size_t{1} << 16), small = unpacked(stored, 4099);
  if (large.code != small.code || large.bytes != small.bytes) std::abort();
  return 0;
}
