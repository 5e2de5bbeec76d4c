// Buffers and batches: allocation, sharing, and dropping rows.
#include "flatbed/batch.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace flatbed {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kPage = size_t{2} << 20;  // a huge page of the system
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kMappedBytes = SIZE_MAX;  // the sanitizer watches over the heap alone
#else
constexpr size_t kMappedBytes = kPage;
#endif

// Maps memory that begins with a huge page: one fault for each 2 MiB instead of each 4 KiB, and all of it goes back to
// the system when it is freed. From the heap such blocks leave gaps that grow with every file that is read.
void* map_pages(size_t bytes) {
  constexpr int kProtection = PROT_READ | PROT_WRITE, kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t rounded = (bytes + page - 1) / page * page;
  void* const mapped = ::mmap(nullptr, rounded + kPage, kProtection, kFlags, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(mapped);
  const size_t before = (kPage - reinterpret_cast<uintptr_t>(begin) % kPage) % kPage;
  if (before != 0) ::munmap(begin, before);
  ::munmap(begin + before + rounded, kPage - before);
#ifdef MADV_HUGEPAGE
  ::madvise(begin + before, rounded, MADV_HUGEPAGE);  // where the system has no such pages, nothing changes
#endif
  return begin + before;
}

// Copies the values of the kept rows; Width is a constant so that the copy is one load and one store.
template <size_t Width>
void gather(const std::byte* from, std::span<const uint32_t> rows, std::byte* to) {
  for (const uint32_t row : rows) {
    std::memcpy(to, from + row * Width, Width);
    to += Width;
  }
}

void gather(const std::byte* from, std::span<const uint32_t> rows, size_t width, std::byte* to) {
  switch (width) {
    case 0:
      return;  // a Tuple has no values of its own
    case 1:
      return gather<1>(from, rows, to);
    case 2:
      return gather<2>(from, rows, to);
    case 4:
      return gather<4>(from, rows, to);
    case 8:
      return gather<8>(from, rows, to);
    case 16:
      return gather<16>(from, rows, to);
    case 32:
      return gather<32>(from, rows, to);
    default:
      for (const uint32_t row : rows) {
        std::memcpy(to, from + row * width, width);
        to += width;
      }
  }
}

// The elements of the kept rows of an Array or Map.
std::vector<uint32_t> kept_elements(const Column& column, std::span<const uint32_t> rows, Buffer& offsets) {
  std::vector<uint32_t> elements;
  offsets = Buffer::allocate((rows.size() + 1) * sizeof(uint64_t));
  auto* to = reinterpret_cast<uint64_t*>(offsets.writable());
  *to++ = 0;
  for (const uint32_t row : rows) {
    for (auto [at, end] = column.elements(row); at < end; ++at) elements.push_back(static_cast<uint32_t>(at));
    *to++ = elements.size();
  }
  return elements;
}

Column keep_rows(const Column& column, std::span<const uint32_t> rows) {
  Column kept{.type = column.type, .rows = rows.size(), .texts = column.texts};
  if (column.type.id == TypeId::kArray || column.type.id == TypeId::kMap) {
    const auto elements = kept_elements(column, rows, kept.values);
    for (const Column& child : column.children) kept.children.push_back(keep_rows(child, elements));
  } else {
    const size_t width = byte_width(column.type);
    kept.values = Buffer::allocate(rows.size() * width);
    gather(column.values.data(), rows, width, kept.values.writable());
    for (const Column& child : column.children) kept.children.push_back(keep_rows(child, rows));
  }
  if (column.nulls == 0) return kept;
  kept.validity = Buffer::allocate((rows.size() + 7) / 8);
  std::memset(kept.validity.writable(), 0, kept.validity.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (column.is_null(rows[i]))
      ++kept.nulls;
    else
      kept.validity.writable()[i / 8] |= std::byte(1u << (i % 8));
  }
  if (kept.nulls == 0) kept.validity = {};
  return kept;
}

// Adds the bytes of a column. Text columns usually share one chunk; `seen` counts each buffer once.
size_t bytes_of(const Column& column, std::vector<const std::byte*>& seen) {
  size_t total = column.validity.size() + column.values.size();
  for (const Buffer& text : column.texts) {
    bool known = false;
    for (const std::byte* data : seen) known = known || data == text.data();
    if (known) continue;
    seen.push_back(text.data());
    total += text.size();
  }
  for (const Column& child : column.children) total += bytes_of(child, seen);
  return total;
}

}  // namespace

Buffer Buffer::allocate(size_t bytes) {
  const size_t padded = (bytes / kAlignment + 1) * kAlignment;
  if (padded >= kMappedBytes) {
    void* const data = map_pages(padded);
    const auto unmap = [padded](const void* p) { ::munmap(const_cast<void*>(p), padded); };
    return wrap(data, bytes, std::shared_ptr<const void>(data, unmap));
  }
  void* data = nullptr;
  if (::posix_memalign(&data, kAlignment, padded) != 0) throw std::bad_alloc();
  return wrap(data, bytes, std::shared_ptr<const void>(data, [](const void* p) { std::free(const_cast<void*>(p)); }));
}

Buffer Buffer::wrap(const void* data, size_t bytes, std::shared_ptr<const void> owner) {
  Buffer buffer;
  buffer.owner_ = std::move(owner);
  buffer.data_ = static_cast<const std::byte*>(data);
  buffer.size_ = bytes;
  return buffer;
}

Buffer Buffer::slice(size_t offset, size_t bytes) const {
  return wrap(data_ + offset, bytes, owner_);
}

Batch Batch::filter(std::span<const uint8_t> keep) const {
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < rows_; ++row) {
    if (keep[row]) rows.push_back(static_cast<uint32_t>(row));
  }
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  for (const Column& column : columns_) columns.push_back(keep_rows(column, rows));
  Batch kept(schema_, std::move(columns), rows.size(), origin_);
  auto offsets = std::make_shared<std::vector<uint32_t>>(rows);
  if (kept_) {
    for (uint32_t& offset : *offsets) offset = (*kept_)[offset];
  }
  kept.kept_ = std::move(offsets);
  return kept;
}

size_t Batch::bytes() const noexcept {
  size_t total = 0;
  std::vector<const std::byte*> seen;
  for (const Column& column : columns_) total += bytes_of(column, seen);
  return total;
}

Column empty_column(Type type) {
  Column column{.type = std::move(type)};
  if (column.type.id == TypeId::kArray || column.type.id == TypeId::kMap) {
    column.values = Buffer::allocate(sizeof(uint64_t));
    std::memset(column.values.writable(), 0, sizeof(uint64_t));
  }
  if (is_nested(column.type.id)) {
    for (const Field& child : *column.type.children) column.children.push_back(empty_column(child.type));
  }
  return column;
}

}  // namespace flatbed
