// The choice of kernel, and what all kernels leave to do. Enters: a chunk. Leaves: its FieldIndex, cut after the last
// whole record. Invariant: the choice is made once a process.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "flatbed/version.hpp"
#include "index/kernel.hpp"

namespace flatbed {
namespace {

bool always() noexcept {
  return true;
}

#if defined(__x86_64__)
bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

bool has_avx512() noexcept {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("avx512vbmi2");
}
#endif

constexpr Kernel kKernels[] = {
    {"scalar", always, index_scalar},
#if defined(__x86_64__)
    {"avx2", has_avx2, index_avx2},
    {"avx512", has_avx512, index_avx512},
#elif defined(__aarch64__)
    {"neon", always, index_neon},
#endif
};

const Kernel& choose_kernel() noexcept {
  const char* wanted = std::getenv("FLATBED_KERNEL");
  const Kernel* best = &kKernels[0];
  for (const Kernel& kernel : kKernels) {
    if (!kernel.supported()) continue;
    if (wanted != nullptr && kernel.name == wanted) return kernel;
    best = &kernel;
  }
  return *best;
}

Error sign_error(std::string_view option, const std::string& value, std::string expected) {
  return {.code = Code::kBadOption,
          .message = std::string(option) + " cannot be used: '" + value + "'",
          .expected = std::move(expected)};
}

bool holds_line_end(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

// Drops the fields after the last record end, or closes the last record where the text is whole.
void settle_end(std::string_view text, bool whole, FieldIndex& index) {
  const auto is_line_end = [&](uint32_t at) { return text[at] == '\n' || text[at] == '\r'; };
  if (whole) {
    const bool ended =
        !index.open && (text.empty() || (index.fields > 0 && index.end(index.fields - 1) == text.size() - 1 &&
                                         is_line_end(index.end(index.fields - 1))));
    if (!ended) {
      *index.tail() = static_cast<uint32_t>(text.size());
      ++index.fields;
      ++index.record_ends;
    }
    index.consumed = text.size();
    return;
  }
  // A delimiter is never a line end, and a longer one does not hold one.
  while (index.fields > 0 && !is_line_end(index.end(index.fields - 1))) --index.fields;
  index.consumed = index.fields == 0 ? 0 : index.end(index.fields - 1) + size_t{1};
  while (!index.stray.empty() && index.stray.back() >= index.fields) index.stray.pop_back();
  index.lines -= count_lines(text.substr(index.consumed));
  index.open = false;
}

}  // namespace

Result<Syntax> make_syntax(const Dialect& dialect) {
  const std::string &delimiter = dialect.delimiter.value, &quote = dialect.quote.value, &escape = dialect.escape.value;
  if (delimiter.empty() || holds_line_end(delimiter))
    return sign_error("delimiter", delimiter, "one or more bytes that are no line end");
  if (quote.size() > 1 || holds_line_end(quote)) return sign_error("quote", quote, "one byte, or nothing");
  if (escape.size() > 1 || holds_line_end(escape)) return sign_error("escape", escape, "one byte, or nothing");
  if (!quote.empty() && delimiter.find(quote[0]) != std::string::npos)
    return sign_error("quote", quote, "a byte that the delimiter does not hold");
  const bool backslashes = quote.empty() && escape == "\\";
  Syntax syntax{.delimiter = delimiter,
                .quotes = !quote.empty(),
                .escapes = backslashes || (!quote.empty() && !escape.empty()),
                .backslashes = backslashes};
  if (syntax.quotes) syntax.quote = quote[0];
  syntax.spaces = dialect.spaces.value;
  syntax.escape = syntax.escapes ? escape[0] : syntax.quote;
  return syntax;
}

void FieldIndex::reset(size_t bytes) {
  const size_t needed = bytes + 2 + 64;
  if (room_ < needed) {
    bounds_ = std::make_unique_for_overwrite<uint32_t[]>(needed);
    room_ = needed;
  }
  auto bounds = std::move(bounds_);
  const size_t room = room_;
  *this = FieldIndex();
  bounds_ = std::move(bounds);
  room_ = room;
  bounds_[0] = std::numeric_limits<uint32_t>::max();
}

std::span<const Kernel> kernels() noexcept {
  return kKernels;
}

const Kernel& active_kernel() noexcept {
  static const Kernel& chosen = choose_kernel();
  return chosen;
}

std::string_view kernel() noexcept {
  return active_kernel().name;
}

void index_fields_with(const Kernel& kernel, std::string_view text, const Syntax& syntax, bool whole,
                       FieldIndex& index) {
  if (!whole && text.ends_with('\r')) text.remove_suffix(1);
  index.reset(text.size());
  kernel.index(text, syntax, index);
  if (whole && index.open && syntax.mends) mend_open_field(text, syntax, index);
  settle_end(text, whole, index);
  if (syntax.backslashes) index.escaped = text.substr(0, index.consumed).find('\\') != std::string_view::npos;
}

void index_fields(std::string_view text, const Syntax& syntax, bool whole, FieldIndex& index) {
  index_fields_with(syntax.kernel != nullptr ? *syntax.kernel : active_kernel(), text, syntax, whole, index);
}

uint64_t count_line_feeds(std::string_view text) noexcept {
  // So few at a time that a byte counts them: a compiler then compares 16 and more bytes at once.
  constexpr size_t kAtOnce = 192;
  uint64_t lines = 0;
  for (; text.size() >= kAtOnce; text.remove_prefix(kAtOnce)) {
    uint8_t found = 0;
    for (size_t i = 0; i < kAtOnce; ++i) found = static_cast<uint8_t>(found + (text[i] == '\n'));
    lines += found;
  }
  return lines + static_cast<uint64_t>(std::ranges::count(text, '\n'));
}

uint64_t count_lines(std::string_view text) noexcept {
  uint64_t lines = count_line_feeds(text);
  for (size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1))
    if (at + 1 == text.size() || text[at + 1] != '\n') ++lines;
  return lines;
}

}  // namespace flatbed
