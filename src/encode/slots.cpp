// Slots: what all instruction sets share, and the loops for any CPU. See slot_loops.hpp.
#include "encode/slots.hpp"

#include <algorithm>

#include "columns/format.hpp"
#include "columns/put_digits.hpp"
#include "columns/sixteen.hpp"
#include "encode/slot_loops.hpp"
#include "index/kernel.hpp"

namespace flatbed {
namespace {

struct AnyBytes {
  struct Long {
    std::array<Sixteen, 4> parts;
  };

  static Long load(const char* text) {
    Long bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    return bytes;
  }
  static Sixteen load(const TextView& view) { return std::bit_cast<Sixteen>(short_text(view)); }
  static Slot slot(Sixteen text, size_t length, char end) {
    return Slot::inside(std::bit_cast<Slot::Text>(text), length, end);
  }

  template <size_t N>
  struct OneOf {
    explicit OneOf(const std::array<char, N>& wanted) {
      for (size_t i = 0; i < N; ++i) bytes[i] = sixteen_of(wanted[i]);
    }
    bool in(const Long& text, size_t length) const {
      uint64_t found = 0;
      for (size_t i = 0; i < text.parts.size(); ++i) found |= marks(text.parts[i]) << (16 * i);
      return (length < 64 ? found << (63 - length) << 1 : found) != 0;
    }
    bool in(Sixteen text, size_t length) const { return marks(text) << (63 - length) << 1 != 0; }

   private:
    uint64_t marks(Sixteen text) const {
      auto found = text == bytes[0];
      for (size_t i = 1; i < N; ++i) found |= text == bytes[i];
      return bits_of(found);
    }
    std::array<Sixteen, N> bytes;
  };
};

// Sixteen digits of one number at a time, the last of them at the end of the text; as the lanes do it.
template <class T>
size_t fill_numbers_singly(const std::byte* values, size_t rows, const NumberForm& form, const SlotColumn& slots) {
  const bool point = form.scale > 0;
  const auto signs = std::bit_cast<Slot::Text>(form.signs);
  const Slot::Text behind = ~Slot::Text{0} << (point ? 8 * (15 - form.scale) : 0);
  const Slot::Text before = ~behind >> 8;
  for (size_t row = 0; row < rows; ++row) {
    T value;
    std::memcpy(&value, values + row * sizeof(T), sizeof(T));
    const bool negative = value < 0;
    const auto bits = static_cast<uint64_t>(value);
    const uint64_t magnitude = negative ? 0 - bits : bits;
    if (magnitude >= NumberForm::kLimit) return row;
    const bool longer = magnitude >= kEightDigits;
    const uint64_t high = longer ? split_digits(static_cast<uint32_t>(magnitude / kEightDigits)) : 0;
    const uint64_t low = split_digits(static_cast<uint32_t>(longer ? magnitude % kEightDigits : magnitude));
    const auto zeros_of = [](uint64_t digits) { return static_cast<size_t>(std::countr_zero(digits)) / 8; };
    const size_t zeros_above = zeros_of(high | form.always[0]);
    const size_t zeros = zeros_above < 8 ? zeros_above : 8 + zeros_of(low | form.always[1]);
    const size_t length = 17 + point - zeros + negative;
    const Slot::Text digits = Slot::Text{low} << 64 | high;
    const Slot::Text placed = (digits >> 8 & behind) | (digits >> 16 & before);
    const Slot::Text sign = Slot::Text{negative ? '0' ^ '-' : 0u} << (128 - 8 * length);
    slots[row] = std::bit_cast<Slot>((placed | signs) ^ (sign | length));
  }
  return rows;
}

struct SingleLoops {
  template <class T>
  static constexpr FillNumbers loop = fill_numbers_singly<T>;
  static constexpr FillNumbers doubles = nullptr;
};

constexpr SlotKernel kScalar = {"scalar", choose_numbers<SingleLoops>, fill_short_texts<AnyBytes>,
                                fill_texts<AnyBytes>};

constexpr const SlotKernel* kKernels[] = {
    &kScalar,
#if defined(__x86_64__)
    &kAvx2Slots,
    &kAvx512Slots,
#endif
};

}  // namespace

NumberForm::NumberForm(unsigned scale, char end) noexcept : scale(scale) {
  constexpr uint8_t kNone = 128;
  const bool point = scale > 0;
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
