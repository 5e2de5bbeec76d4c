// Chunks. Enters: bytes in parts of any size. Leaves: chunks that begin and end on a record, with their index.
// Invariant: parts that lie side by side in memory are not copied; others are, once.
#include "columns/chunks.hpp"

#include <algorithm>
#include <cstring>

namespace flatbed {

void ChunkReader::append(const Buffer& part, size_t wanted) {
  const size_t size = ahead_.size();
  if (size == 0) {
    ahead_ = part;
    return;
  }
  const std::byte* const end = ahead_.data() + size;
  if (part.data() == end && part.owner() == ahead_.owner()) {
    ahead_ = Buffer::wrap(ahead_.data(), size + part.size(), ahead_.owner());
    return;
  }
  // The bytes after `ahead_` in its own room belong to nobody yet.
  const bool in_room = !room_.empty() && ahead_.owner() == room_.owner() &&
                       size + part.size() <= static_cast<size_t>(room_.data() + room_.size() - ahead_.data());
  if (!in_room) {
    room_ = Buffer::allocate(std::max(wanted, size + part.size()));
    std::memcpy(room_.writable(), ahead_.data(), size);
    ahead_ = room_.slice(0, size);
  }
  std::memcpy(ahead_.writable() + size, part.data(), part.size());
  ahead_ = Buffer::wrap(ahead_.data(), size + part.size(), room_.owner());
}

Status ChunkReader::fill(size_t wanted, std::stop_token stop) {
  while (ahead_.size() < wanted && !ended_) {
    auto part = source_->read(wanted - ahead_.size(), stop);
    if (!part) return std::move(part).error();
    ended_ = part->empty();
    if (!ended_) append(*part, wanted);
  }
  return {};
}

Result<std::string_view> ChunkReader::peek(size_t wanted, std::stop_token stop) {
  if (Status status = fill(wanted, stop); !status) return status;
  return ahead_.text().substr(0, wanted);
}

void ChunkReader::drop(size_t bytes) {
  line_ += count_lines(ahead_.text().substr(0, bytes));
  byte_ += bytes;
  ahead_ = ahead_.slice(bytes, ahead_.size() - bytes);
}

Result<bool> ChunkReader::next(const Syntax& syntax, Chunk& chunk, std::stop_token stop) {
  for (size_t window = chunk_bytes_;; window *= 2) {
    // One byte more tells whether the window is the rest of the source.
    if (Status status = fill(window + 1, stop); !status) return status;
    if (ahead_.empty()) return false;
    const bool whole = ahead_.size() <= window;
    index_fields(ahead_.text().substr(0, window), syntax, whole, chunk.index);
    if (chunk.index.consumed != 0) break;
    if (window * 2 > most_)
      return Error{
          .code = Code::kRowTooWide,
          .message = "a record is larger than the memory limit allows: more than " + std::to_string(window) + " bytes",
          .where = {.uri = source_->uri(), .byte = byte_, .line = line_},
          .expected = "a line end outside of quotes",
          .hint = "look for a quote that is not closed, or raise --memory-limit",
          .side = Side::kSource};
  }
  const size_t size = chunk.index.consumed;
  chunk.bytes = ahead_.slice(0, size);
  chunk.byte = byte_;
  chunk.line = line_;
  byte_ += size;
  line_ += chunk.index.lines;
  ahead_ = ahead_.slice(size, ahead_.size() - size);
  return true;
}

}  // namespace flatbed
