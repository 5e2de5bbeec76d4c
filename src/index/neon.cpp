// The NEON kernel: 64 bytes as four registers. See block_kernel.hpp.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "index/block_kernel.hpp"

namespace flatbed {
namespace {

class Neon {
 public:
  Neon(char delimiter, char quote)
      : delimiter_(vdupq_n_u8(static_cast<uint8_t>(delimiter))), quote_(vdupq_n_u8(static_cast<uint8_t>(quote))) {}

  void see(const char* block) {
    for (int i = 0; i < 4; ++i) part_[i] = vld1q_u8(reinterpret_cast<const uint8_t*>(block) + 16 * i);
  }
  uint64_t delimiters() const { return equal(delimiter_); }
  uint64_t quotes() const { return equal(quote_); }
  uint64_t feeds() const { return equal(vdupq_n_u8('\n')); }
  uint64_t returns() const { return equal(vdupq_n_u8('\r')); }
  bool has_returns() const { return returns() != 0; }

  void note() {
    any_ = vorrq_u8(any_, vorrq_u8(vorrq_u8(part_[0], part_[1]), vorrq_u8(part_[2], part_[3])));
    least_ = vminq_u8(least_, vminq_u8(vminq_u8(part_[0], part_[1]), vminq_u8(part_[2], part_[3])));
  }
  bool ascii() const { return vmaxvq_u8(any_) < 0x80; }
  bool nul() const { return vminvq_u8(least_) == 0; }

  // Doubling steps instead of a carry-less multiply, which not every ARM core has.
  static uint64_t prefix_xor(uint64_t mask) {
    for (int distance = 1; distance < 64; distance *= 2) mask ^= mask << distance;
    return mask;
  }

  static uint32_t* write(uint32_t* out, uint64_t mask, uint32_t base) {
    const auto count = static_cast<size_t>(__builtin_popcountll(mask));
    for (size_t i = 0; i < count; i += 8) {
      for (size_t k = 0; k < 8; ++k) {
        out[i + k] = base + (mask == 0 ? 0u : static_cast<uint32_t>(__builtin_ctzll(mask)));
        mask &= mask - 1;
      }
    }
    return out + count;
  }

 private:
  // Gathers the top bits of 64 comparison bytes: each keeps one bit of its own, and pairs are added three times.
  uint64_t equal(uint8x16_t byte) const {
    static constexpr uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vld1q_u8(kBits);
    const uint8x16_t low =
        vpaddq_u8(vandq_u8(vceqq_u8(part_[0], byte), bits), vandq_u8(vceqq_u8(part_[1], byte), bits));
    const uint8x16_t high =
        vpaddq_u8(vandq_u8(vceqq_u8(part_[2], byte), bits), vandq_u8(vceqq_u8(part_[3], byte), bits));
    const uint8x16_t sums = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
  }

  uint8x16_t delimiter_, quote_;
  uint8x16_t part_[4] = {};
  uint8x16_t any_ = vdupq_n_u8(0);
  uint8x16_t least_ = vdupq_n_u8(0xFF);
};

}  // namespace

void index_neon(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  index_blocks<Neon>(text, syntax, index);
}

}  // namespace flatbed

#endif
