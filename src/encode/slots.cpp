// Slots: what all instruction sets share, and the loops for any CPU. See slot_loops.hpp.
#include "encode/slots.hpp"

#include <algorithm>

#include "columns/format.hpp"
#include "encode/slot_loops.hpp"
#include "index/kernel.hpp"

namespace flatbed {
namespace {

// Sixteen bytes at once; the compiler makes it one register on every CPU we build for.
typedef unsigned char Bytes16 __attribute__((vector_size(16)));

Bytes16 fill(size_t byte) noexcept {
  return Bytes16{} + static_cast<unsigned char>(byte);
}

struct AnyBytes {
  struct Long {
    std::array<Bytes16, 4> parts;
  };

  static Long load(const char* text) {
    Long bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    return bytes;
  }
  static Bytes16 load(const TextView& view) { return std::bit_cast<Bytes16>(short_text(view)); }
  static Slot slot(Bytes16 text, size_t length, char end) {
    return Slot::inside(std::bit_cast<Slot::Text>(text), length, end);
  }

  template <size_t N>
  struct OneOf {
    explicit OneOf(const std::array<char, N>& wanted) {
      for (size_t i = 0; i < N; ++i) bytes[i] = fill(static_cast<unsigned char>(wanted[i]));
    }
    bool in(const Long& text, size_t length) const {
      Bytes16 found{};
      for (size_t i = 0; i < text.parts.size(); ++i) found |= marks(text.parts[i], length, 16 * i);
      return any(found);
    }
    bool in(Bytes16 text, size_t length) const { return any(marks(text, length, 0)); }

   private:
    Bytes16 marks(Bytes16 text, size_t length, size_t offset) const {
      constexpr Bytes16 kPlaces = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
      auto found = text == bytes[0];
      for (size_t i = 1; i < N; ++i) found |= text == bytes[i];
      return reinterpret_cast<Bytes16>(found & (kPlaces + fill(offset) < fill(std::min<size_t>(length, 64))));
    }
    static bool any(Bytes16 found) {
      std::array<uint64_t, 2> halves{};
      std::memcpy(&halves, &found, sizeof halves);
      return (halves[0] | halves[1]) != 0;
    }
    std::array<Bytes16, N> bytes;
  };
};

FillNumbers no_numbers(const Type&) noexcept {
  return nullptr;
}

constexpr SlotKernel kScalar = {"scalar", no_numbers, fill_short_texts<AnyBytes>, fill_texts<AnyBytes>};

constexpr const SlotKernel* kKernels[] = {
    &kScalar,
#if defined(__x86_64__)
    &kAvx2Slots,
    &kAvx512Slots,
#endif
};

}  // namespace

NumberForm::NumberForm(unsigned scale, char end) noexcept : point(scale > 0) {
  constexpr uint8_t kNone = 128;
  places.fill(kNone);
  signs.back() = static_cast<uint8_t>(end);
  for (unsigned back = 0; back < Slot::kInside; ++back) {  // from the last byte of the text
    const size_t at = Slot::kInside - back;
    const bool is_point = point && back == scale;
    if (!is_point) places[at] = static_cast<uint8_t>(15 - back + (point && back > scale));
    signs[at] = is_point ? '.' : '0';
  }
  const unsigned units = 15 - scale;
  always[units / 8] = uint64_t{1} << (8 * (units % 8));
}

std::span<const SlotKernel* const> slot_kernels() noexcept {
  return kKernels;
}

const SlotKernel& slot_kernel() noexcept {
  const auto known = std::ranges::find(kKernels, active_kernel().name, &SlotKernel::name);
  return known == std::end(kKernels) ? kScalar : **known;
}

const Slot* day_slots() {
  static const std::vector<Slot> slots = [] {
    const Type date{.id = TypeId::kDate};
    const ValueFormat format = ValueFormat::of(date).value();
    std::vector<Slot> days(kSlotDays);
    for (size_t day = 0; day < kSlotDays; ++day) {
      const auto value = static_cast<uint16_t>(day);
      char text[16] = {};
      const char* end = format.put(reinterpret_cast<const std::byte*>(&value), text);
      days[day] = Slot::inside(short_text(text), static_cast<size_t>(end - text), '\0');
    }
    return days;
  }();
  return slots.data();
}

char* OutsideTexts::room(size_t bytes) {
  constexpr size_t kBlock = size_t{1} << 15;
  if (blocks_.empty() || size_ - used_ < bytes + Slot::kReadable) {
    size_ = std::max(bytes + Slot::kReadable, kBlock);
    used_ = 0;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size_));
  }
  return blocks_.back().get() + used_;
}

void OutsideTexts::clear() noexcept {
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  used_ = 0;
}

}  // namespace flatbed
